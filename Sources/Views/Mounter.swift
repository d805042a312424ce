package import Fuse
package import Weave

/// Who mounts views: the daemon, through its keeper, which keeps the mounts over the server's death. Any thread.
package protocol Mounter: AnyObject, Sendable {
    /// Whether the server began with the mounts of a predecessor.
    var isSuccessor: Bool { get }
    /// Whether a predecessor's mount of that name waits to be served by ``serve(_:with:)``.
    func isInherited(_ id: String) -> Bool
    /// Mounts (or takes over what was inherited under the name) and serves it with `handler` from here on.
    /// - Throws: `.exists` when something is mounted there; `.unsupported` without FUSE.
    func serve(_ mount: ViewMount, with handler: any RequestHandler) throws(WeaveError) -> Session
    /// Takes a mount away. Files that are open in a forced one are served until they are closed.
    /// - Throws: `.busy` when it is in use (and not `force`).
    func unmount(_ id: String, force: Bool) throws(WeaveError)
    /// Waits until the requests that are under way now, of mounts without workers of their own, have been answered. - Returns: false when `milliseconds` were not enough.
    func settle(milliseconds: Int) -> Bool
    /// Whether a mount is being served.
    func isServed(_ id: String) -> Bool
}

/// A mount as views ask for it.
package struct ViewMount: Sendable {
    /// One name for one mount; the same after a restart of the server.
    package let id: String
    /// The canonical path of the mount point.
    package let path: String
    /// As for `-o` (fuse(8)), beside what every mount of ours has.
    package let options: [String]
    /// Make the directory if it is missing.
    package let makesDirectory: Bool
    /// Where it is mounted at first, if not at `path`; somebody else takes it from there.
    package let place: String?

    /// Whether its requests are answered though all others wait for the disk.
    package let hasOwnWorkers: Bool

    package init(id: String, path: String, options: [String] = [], makesDirectory: Bool = false, place: String? = nil, hasOwnWorkers: Bool = false) {
        self.hasOwnWorkers = hasOwnWorkers
        self.place = place
        self.id = id
        self.path = path
        self.options = options
        self.makesDirectory = makesDirectory
    }
}
