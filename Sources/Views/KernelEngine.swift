internal import Fuse
internal import Layers
internal import Nodes
internal import Syscalls
internal import Weave

/// The `kernel` engine of a served weave: the base view, the overlays upon it, and why a workweave that wants them may have to do without.
/// Any thread.
final class KernelEngine: Sendable {
    /// The name of the base view among the server's mounts.
    static let mountID = "base"

    let handler = BaseHandler()
    private let weave: Weave
    private let serving: ServedWorkweave
    private let session = Locked<Session?>(nil)
    /// Mounting the base view, once at a time.
    private let mounting = Lock()
    /// Why a workweave of this engine is served by `fuse` instead, by name. A leaf.
    private let problems = Locked<[String: String]>([:])
    /// What was found out about this machine; nil: not asked yet. Its lock is held while the disk is probed.
    private let machine = Locked<String??>(nil)

    init(_ weave: Weave, _ serving: ServedWorkweave) {
        self.weave = weave
        self.serving = serving
    }

    // MARK: Whether it works

    /// Why the engine cannot be had for workweaves of this weave; nil when nothing speaks against it.
    func obstacle() -> String? {
        machine.withLock { known -> String? in
            if let known { return known }
            let found = findObstacle()
            known = .some(found)
            return found
        }
    }

    /// The same for a workweave that there is.
    func obstacle(_ record: WorkweaveRecord) -> String? {
        if record.upper?.whiteout != UpperFormat.Whiteout.device.rawValue { return "its upper directory has whiteouts in attributes, which overlayfs does not read there" }
        return obstacle()
    }

    private func findObstacle() -> String? {
        guard CurrentProcess.userID == 0 else { return "mounting overlayfs takes root's rights" }
        let probe = "\(weave.run)/probe.\(randomHex(4))"
        do throws(Errno) { try Files.makeDirectory(probe, mode: 0o700) } catch { return "the disk of \(weave.root) cannot be probed: \(error)" }
        defer { try? Files.removeTree(probe) }
        do throws(Errno) { return try diskObstacle(probe).map { "the disk of \(weave.root) \($0)" } } catch { return "the disk of \(weave.root) cannot be probed: \(error)" }
    }

    /// What an upper directory needs and the disk of `probe`, an empty directory, does not have.
    private func diskObstacle(_ probe: String) throws(Errno) -> String? {
        let directory = try Files.open(probe, OpenFlags.directory)
        defer { directory.close() }
        let type = try directory.fileSystemStatus().type
        if type == FileSystemStatus.overlay || type == FileSystemStatus.fuse { return "is itself overlayfs or FUSE, which overlayfs does not write to" }
        let format = try UpperFormat.probe(in: directory)
        if format.whiteout != .device { return "takes no device nodes, which overlayfs needs for whiteouts" }
        if !format.renamesWithWhiteout { return "cannot leave a whiteout behind in a rename" }
        try Files.create(probe + "/file", [])
        let entry = try directory.directoryEntries().first { $0.text == "file" }
        return entry?.type == FileType.regular.directoryRecordType ? nil : "does not tell the type of directory entries"
    }

    func problem(_ name: String) -> String? { problems.withLock { $0[name] } }
    func setProblem(_ name: String, _ text: String?) { problems.withLock { $0[name] = text } }

    // MARK: The base view

    /// Shows a workweave's lower in the base view.
    func show(_ record: WorkweaveRecord) throws(WeaveError) {
        let tree = try serving.lower(record)
        let repos = Dictionary(record.repos.map { ($0.part, (path: $0.path, key: $0.baseKey)) }) { first, _ in first }
        try system("number the bases of '\(record.name)'") { () throws(Errno) in try handler.add(record.name, id: record.id, tree, repos: repos) }
    }

    /// Shows it no more, and has the kernel forget it. Not from a request handler, nor while the overlay is mounted.
    func hide(_ name: String) {
        let gone = handler.remove(name)
        guard let session = session.withLock({ $0 }) else { return }
        for (name, parent) in gone { session.notifyGone(name: Array(name.utf8), in: parent) }
        for parent in Set(gone.map(\.parent)) { session.notifyChanged(node: parent) }
    }

    /// Mounts the base view, or goes on with a predecessor's, unless it is served.
    func ensureBase(_ mounter: any Mounter) throws(WeaveError) {
        mounting.lock()
        defer { mounting.unlock() }
        if mounter.isServed(Self.mountID) { return }
        let isInherited = mounter.isInherited(Self.mountID)
        try system("begin the base view") { () throws(Errno) in
            try handler.begin(try BaseNumbers(path: weave.run + "/base.list", isInherited: isInherited), isInherited: isInherited)
        }
        let mount = ViewMount(id: Self.mountID, path: weave.baseView, options: ["ro"], makesDirectory: true)
        let served = try mounter.serve(mount, with: handler)
        session.withLock { $0 = served }
    }

    // MARK: Overlays

    /// Mounts a workweave's overlay. Its mount point must be shown. Not on a thread on which the kernel waits.
    func mount(_ name: String, _ mounter: any Mounter) throws(WeaveError) {
        try ensureBase(mounter)
        try KernelMount(weave: weave, name: name).mount()
    }

    /// - Throws: `.busy` when it is in use (and not `force`).
    func unmount(_ name: String, force: Bool) throws(WeaveError) { try KernelMount(weave: weave, name: name).unmount(force: force) }

    func isMounted(_ name: String) -> Bool { KernelMount(weave: weave, name: name).isMounted }
}
