internal import Syscalls
package import Weave

/// The links that lead to workweaves of the `checkout` engine where no FUSE mount shows them, in the directory that `.workweaves` is
/// mounted on. While something is mounted there they cannot be reached.
package struct CheckoutLinks: Sendable {
    private let weave: Weave

    package init(_ weave: Weave) { self.weave = weave }

    /// What `.workweaves/NAME` leads to, as the link says it.
    package static func target(of name: String) -> String { "../.rwv/workweaves/\(name)/checkout" }

    package func make(_ name: String) throws(WeaveError) {
        try change { () throws(Errno) in try Files.makeSymlink(weave.workweaves + "/" + name, target: Self.target(of: name)) }
    }

    package func remove(_ name: String) throws(WeaveError) {
        try change { () throws(Errno) in
            do throws(Errno) { try Files.unlink(weave.workweaves + "/" + name) } catch where error == .notFound {}
        }
    }

    /// Makes those that are missing, and removes ours that lead nowhere any more.
    package func renew() throws(WeaveError) {
        let wanted = Set(try weave.workweaveRecords().filter { $0.engine == EngineKind.checkout.rawValue }.map(\.name))
        let there = try system("list \(weave.workweaves)") { () throws(Errno) -> Set<String> in
            guard try Files.status(weave.workweaves)?.isDirectory == true else { return [] }
            let directory = OwnedDescriptor(try Files.open(weave.workweaves, OpenFlags.directory | OpenFlags.noFollow))
            return Set(try directory.descriptor.directoryEntries().map(\.text))
        }
        if there == wanted { return }
        try change { () throws(Errno) in
            for name in there.subtracting(wanted) where (try? Files.readLink(weave.workweaves + "/" + name)) == Self.target(of: name) { try Files.unlink(weave.workweaves + "/" + name) }
            for name in wanted.subtracting(there) { try Files.makeSymlink(weave.workweaves + "/" + name, target: Self.target(of: name)) }
        }
    }

    /// The directory below the mount is 0555, so that nothing is written there by mistake.
    private func change(_ body: () throws(Errno) -> Void) throws(WeaveError) {
        try system("change \(weave.workweaves)") { () throws(Errno) in
            do throws(Errno) { try Files.makeDirectory(weave.workweaves, mode: 0o755) } catch where error == .exists {
                // Where a link leads is not ours.
                guard try Files.status(weave.workweaves)?.isDirectory == true else { throw .notDirectory }
            }
            try Files.setMode(weave.workweaves, 0o755)
            defer { try? Files.setMode(weave.workweaves, 0o555) }
            try body()
        }
    }
}
