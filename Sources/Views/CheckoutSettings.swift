internal import Git
internal import Layers
internal import Syscalls
internal import Weave

/// Everything beside the tree that shapes a checkout, with a fingerprint of it for the base's key.
struct CheckoutSettings {
    let umask: UInt32
    let fingerprint: String
    private let rules: CheckoutRules
    /// Seconds that git and the filters it runs may take for one base.
    private static let timeout = 600

    static func read(_ repository: Repository, _ path: String, umask: UInt32) throws(WeaveError) -> CheckoutSettings {
        let rules = try git { () throws(GitError) in try CheckoutRules(repository) }
        let text = "2 \(path) \(umask) \(CurrentProcess.userID) \(CurrentProcess.groupID) "
        return CheckoutSettings(umask: umask, fingerprint: fingerprint(Array(text.utf8) + rules.fingerprint), rules: rules)
    }

    /// 128 bits, in hexadecimal.
    static func fingerprint(_ bytes: [UInt8]) -> String {
        var a: UInt64 = 0xcbf2_9ce4_8422_2325, b: UInt64 = 0x9e37_79b9_7f4a_7c15
        for c in bytes {
            a = (a ^ UInt64(c)) &* 0x100_0000_01b3
            b = (b &+ UInt64(c)) &* 0xff51_afd7_ed55_8ccd
            b ^= b >> 29
        }
        return String(a, radix: 16) + String(b, radix: 16)
    }

    /// Finds what the checkout leaves out and what it converts, and writes the converted contents to the base's content file.
    func apply(to settings: inout BaseBuilder.Settings, _ listing: TreeListing, _ sizes: [UInt64], _ repository: Repository, _ files: BaseFiles) throws(WeaveError) {
        settings.linksAreFiles = !rules.supportsSymlinks
        let converts = try mayConvert(listing, repository)
        guard rules.isSparse || converts else { return }
        let directory = "\(files.stem).\(randomHex(6)).tmp"
        try system("make \(directory)") { () throws(Errno) in try Files.makeDirectory(directory, mode: 0o700) }
        defer { try? Files.removeTree(directory) }
        let (skipped, conversions) = try git { () throws(GitError) in
            let skipped = try rules.sparse(listing, directory: directory, timeout: Self.timeout)
            guard converts else { return (skipped, [Conversion]()) }
            let index = directory + "/index"
            let builder = BaseBuilder(listing: listing, sizes: sizes, settings: settings, time: 0)
            try IndexFile.write(to: index, listing, stat: { builder.stat($0, 0) })
            return (skipped, try rules.conversions(listing, repository, index: index, skipping: skipped, directory: directory, timeout: Self.timeout))
        }
        settings.skipped = skipped
        if !conversions.isEmpty { settings.converted = try collect(conversions, into: files.content) }
    }

    /// Puts the converted files one after the other into one. Returns where each lies.
    private func collect(_ conversions: [Conversion], into path: String) throws(WeaveError) -> [Int: (size: UInt64, offset: Int64)] {
        try system("write \(path)") { () throws(Errno) in
            let temporary = path + "." + randomHex(6)
            let out = OwnedDescriptor(try Files.open(temporary, OpenFlags.writeOnly | OpenFlags.create | OpenFlags.exclusive, mode: 0o444))
            var places: [Int: (size: UInt64, offset: Int64)] = [:]
            var end: Int64 = 0
            for c in conversions {
                let from = OwnedDescriptor(try Files.open(c.path, OpenFlags.noFollow))
                var offset: Int64 = 0
                while offset < Int64(c.size) {
                    let n = try from.descriptor.copyRange(from: offset, to: out.descriptor, at: end + offset, count: Int(Int64(c.size) - offset))
                    guard n > 0 else { throw .io }
                    offset += Int64(n)
                }
                places[c.entry] = (c.size, end)
                end += Int64(c.size)
            }
            try Files.rename(temporary, path)
            return places
        }
    }

    /// Whether a file of the tree may come out of a checkout otherwise than its blob says.
    private func mayConvert(_ listing: TreeListing, _ repository: Repository) throws(WeaveError) -> Bool {
        try git { () throws(GitError) in try rules.mayConvert(listing, repository) }
    }
}
