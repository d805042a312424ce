internal import Fuse
internal import Syscalls
internal import Weave

/// A weave that was moved while it was served: its server knows it by a path that is no more, and cannot even take its own mounts away.
struct MovedWeave {
    private let weave: Weave
    private let former: String

    /// Nil when it was not moved.
    init?(_ weave: Weave) {
        guard let former = weave.servedAs else { return nil }
        (self.weave, self.former) = (weave, former)
    }

    /// Takes the mounts away where they are now, and ends their keeper. - Throws: `.busy`, naming them, when somebody uses one (and not `force`).
    func takeDown(force: Bool) throws(WeaveError) {
        var mounts = MountTable.all().filter { [MountTable.ours, ExclusiveUse.mountType].contains($0.type) && $0.source == former }
        if Weave.isRoot(former) {
            // There is a weave again, with mounts of its own.
            let registered = Set(try weave.mountRecords().map(\.path))
            mounts.removeAll { !$0.path.hasPrefix(weave.root + "/") && !registered.contains($0.path) }
        }
        if !force { try requireUnused(mounts.map(\.path)) }
        for mount in mounts.reversed() {
            do throws(Errno) {
                if mount.type == MountTable.ours { try Mount.detach(mount.path, lazy: force) } else { try unmount(mount.path, lazy: force) }
            } catch {
                // The server takes part of it away itself when it notices.
                guard MountTable.find(mount.path)?.source == former else { continue }
                throw WeaveError(error == .busy ? .busy : .failed, "cannot take away \(mount.path): \(error)", hint: Self.hint)
            }
        }
        if let keeper = weave.keeperID { Subprocess.signal(keeper, Signals.terminate) }
        try system("wait for the server of \(former)") { () throws(Errno) in
            let lock = OwnedDescriptor(try Files.open(weave.run + "/lock", OpenFlags.readWrite | OpenFlags.create, mode: 0o600))
            _ = try lock.descriptor.lock()
        }
    }

    private static let hint = "leave that directory and end those programs, then run the command again; or 'rwv down --force'"

    private func requireUnused(_ paths: [String]) throws(WeaveError) {
        var users: Set<String> = []
        for path in paths { users.formUnion(PlaceUsers.find(path).map(\.text)) }
        for name in try weave.stateNames() { users.formUnion(try weave.exclusiveUsers(of: name).map { "process \($0) has '\(name)' for itself" }) }
        if users.isEmpty { return }
        throw WeaveError(.busy, (["\(weave.root) was moved from \(former) while it was served, and what is mounted is in use"] + users.sorted()).joined(separator: "\n"), hint: Self.hint)
    }
}
