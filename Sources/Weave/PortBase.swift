internal import Syscalls

/// A hundred TCP ports for each workweave, so that servers started in several do not meet. Kept in the state directory: `ports`.
package enum PortBase {
    /// The lowest of all, and how many each gets. The kernel's own choice begins at 32,768.
    private static let first: UInt32 = 10_000, each: UInt32 = 100, count: UInt32 = 220

    /// The first of a workweave's ports: chosen when first asked for, the same from then on. No two workweaves of a weave have the same;
    /// those of several weaves begin at different places, so that they seldom do.
    /// - Throws: `.noSpace` when 220 workweaves have ports.
    package static func obtain(_ weave: Weave, _ record: WorkweaveRecord) throws(WeaveError) -> UInt32 {
        if let known = try read(weave, record.name) { return known }
        return try system("choose ports for '\(record.name)'") { () throws(Errno) in
            let lock = OwnedDescriptor(try Files.open(weave.state + "/ports.lock", OpenFlags.readWrite | OpenFlags.create, mode: 0o600))
            _ = try lock.descriptor.lock()
            let names: [String], taken: Set<UInt32>
            do throws(WeaveError) {
                names = try weave.stateNames()
                var all: Set<UInt32> = []
                for name in names { if let port = try read(weave, name) { all.insert(port) } }
                taken = all
            } catch { throw .io }
            // Somebody else may have been first.
            if let known = try? read(weave, record.name) { return known }
            let start = weave.root.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 } &+ record.id
            guard let port = (0..<count).lazy.map({ first + (start &+ $0) % count * each }).first(where: { !taken.contains($0) }) else { throw .noSpace }
            try Files.writeAtomically(weave.states + "/\(record.name)/ports", Array("\(port)\n".utf8), durable: false)
            return port
        }
    }

    private static func read(_ weave: Weave, _ name: String) throws(WeaveError) -> UInt32? {
        let path = weave.states + "/\(name)/ports"
        guard let bytes = try system("read \(path)", { () throws(Errno) in try Files.readIfExists(path) }) else { return nil }
        return UInt32(String(decoding: bytes, as: UTF8.self).prefix { $0.isNumber })
    }
}
