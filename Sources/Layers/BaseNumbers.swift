package import Syscalls

/// The numbers of bases in node ids of one base mount, and that mount's generation: kept in a file while the mount lives, so that every
/// server of it says the same. A number is given once; another mount has another generation. So a pair of node id and
/// generation never names another file, which is what the kernel's overlayfs remembers of a copied-up file (`overlay.origin`).
package final class BaseNumbers: Sendable {
    private struct State {
        var keys: [String] = []
        var numbers: [String: UInt32] = [:]
    }
    package let generation: UInt64
    private let path: String
    private let state: Locked<State>

    /// - Parameters:
    ///   - path: of the file: the generation on the first line, then the keys of bases in the order of their numbers.
    ///   - isInherited: the mount has been served before; else it begins anew.
    package init(path: String, isInherited: Bool) throws(Errno) {
        self.path = path
        let lines = isInherited ? String(decoding: try Files.readIfExists(path) ?? [], as: UTF8.self).split(separator: "\n").map(String.init) : []
        var state = State()
        for key in lines.dropFirst() {
            state.numbers[key] = UInt32(state.keys.count)
            state.keys.append(key)
        }
        let known = lines.first.flatMap { UInt64($0) }
        // 32 bits are what a file handle keeps.
        generation = known ?? UInt64.random(in: 1 ... UInt64(UInt32.max))
        self.state = Locked(state)
        if known == nil { try Files.writeAtomically(path, Array("\(generation)\n".utf8), mode: 0o600, durable: false) }
    }

    /// The numbers on record in the file, by key: for others than the server.
    package static func read(_ path: String) throws(Errno) -> [String: UInt32] {
        let keys = String(decoding: try Files.read(path), as: UTF8.self).split(separator: "\n").dropFirst()
        return Dictionary(keys.enumerated().map { (String($0.element), UInt32($0.offset)) }) { first, _ in first }
    }

    /// The number of a base (by its key); on record before it is given out. - Throws: ENOSPC and the like.
    package func number(of key: String) throws(Errno) -> UInt32 {
        if let known = state.withLock({ $0.numbers[key] }) { return known }
        return try state.withLock { s throws(Errno) in
            if let known = s.numbers[key] { return known }
            let lines = ["\(generation)"] + s.keys + [key]
            try Files.writeAtomically(path, Array((lines.joined(separator: "\n") + "\n").utf8), mode: 0o600, durable: false)
            let number = UInt32(s.keys.count)
            s.numbers[key] = number
            s.keys.append(key)
            return number
        }
    }
}
