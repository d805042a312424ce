package import Syscalls

extension Weave {
    /// Whether a mount is this weave's to take away: it was made for it; or its server is gone, and it was made for the place where this weave was
    /// before it was moved. Another weave's is never, whatever is registered at that path. It must be the topmost at its place.
    package func owns(_ mount: MountTable.Entry) -> Bool {
        guard mount.type == MountTable.ours else { return false }
        return mount.source == root || (mount.path.hasPrefix(root + "/") || !Self.isRoot(mount.source)) && mount.isDead
    }

    /// The weave of a dead mount that `path` lies in: everything there fails, and the kernel's table alone says what it was. Nil in any other place.
    package static func ofDeadMount(_ path: String) -> Weave? {
        guard let there = MountTable.containing(path), isRoot(there.source) else { return nil }
        let weave = Weave(root: there.source)
        // The overlays of workweaves lie in the mount `.workweaves`, which is what nobody answers for.
        let isOverlay = there.type == ExclusiveUse.mountType && there.path.hasPrefix(weave.workweaves + "/")
        guard let mount = isOverlay ? MountTable.find(weave.workweaves) : there, mount.type == MountTable.ours, mount.isDead else { return nil }
        return weave
    }

    /// What is mounted at `path` and this weave's to take away.
    package func ownMount(at path: String) -> MountTable.Entry? { MountTable.find(path).flatMap { owns($0) ? $0 : nil } }
}
