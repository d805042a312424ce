internal import Control
internal import Fuse
internal import Layers
internal import Nodes
internal import Syscalls
internal import Weave

/// The base view: the second, read-only mount, which shows the lower of workweaves as directories for the kernel's overlayfs to stand on.
/// Any thread.
final class BaseView: Sendable {
    /// The name of the base view among the server's mounts.
    static let mountID = "base"

    private let handler = BaseHandler()
    private let weave: Weave
    private let serving: ServedWorkweave
    private let session = Locked<Session?>(nil)
    /// Mounting the base view, once at a time.
    private let mounting = Lock()

    init(_ weave: Weave, _ serving: ServedWorkweave) {
        self.weave = weave
        self.serving = serving
    }

    func holds(_ name: String) -> Bool { handler.holds(name) }

    /// Shows what a workweave's overlay lies upon: its own part as of when that was mounted, and the layers of all repos.
    func show(_ record: WorkweaveRecord) throws(WeaveError) {
        let beneath = record.beneath
        let tree = try serving.lower(beneath)
        var all = beneath
        all.repos += (record.repos + (record.left ?? []).map(\.repo)).filter { $0.isApart == true }
        let layers = beneath == record ? tree : try serving.lower(all)
        let repos = Dictionary(all.repos.map { ($0.part, (path: $0.path, key: $0.baseKey)) }) { first, _ in first }
        try system("number the bases of '\(record.name)'") { () throws(Errno) in try handler.add(record.name, id: record.id, tree, layers: layers, repos: repos) }
    }

    /// Shows it no more, and has the kernel forget it. Not from a request handler, nor while an overlay stands on it.
    func hide(_ name: String) {
        let gone = handler.remove(name)
        guard let session = session.withLock({ $0 }) else { return }
        for (name, parent) in gone { session.notifyGone(name: Array(name.utf8), in: parent) }
        for parent in Set(gone.map(\.parent)) { session.notifyChanged(node: parent) }
    }

    /// Mounts it, or goes on with a predecessor's mount, unless it is served.
    func ensureMounted(_ mounter: any Mounter) throws(WeaveError) {
        mounting.lock()
        defer { mounting.unlock() }
        if mounter.isServed(Self.mountID) { return }
        let isInherited = mounter.isInherited(Self.mountID)
        try system("begin the base view") { () throws(Errno) in
            try handler.begin(try BaseNumbers(path: weave.run + "/base.list", isInherited: isInherited), isInherited: isInherited)
        }
        let mount = ViewMount(id: Self.mountID, path: weave.baseView, options: ["ro"], makesDirectory: true, hasOwnWorkers: true)
        let served = try mounter.serve(mount, with: handler)
        session.withLock { $0 = served }
    }

    /// It among the mounts; nil while it is not there.
    func info(_ mounter: (any Mounter)?) -> MountInfo? {
        guard let mounter, mounter.isServed(Self.mountID) else { return nil }
        let counters = Dictionary(uniqueKeysWithValues: handler.counters.values)
        return MountInfo(kind: "base", path: weave.baseView, name: nil, project: nil, engine: "fuse", state: "served", counters: counters)
    }
}
