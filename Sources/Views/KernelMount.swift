internal import Layers
internal import Nodes
internal import Syscalls
internal import Weave

/// The kernel's overlayfs of one workweave: mounted and taken away by a process of its own, which asks the server for the way there like
/// anybody else. The server and the keeper themselves must never walk into their own mounts.
///
/// Its lower directories are the workweave's own of the base view and the layers of its repos (``BaseHandler``), its upper the usual one.
/// Whoever mounts or unmounts holds the state directory's lock.
package struct KernelMount {
    /// The hidden verb that the process is started with: `VERB ACTION WEAVE NAME`.
    package static let verb = "__overlay"

    enum Action: String {
        case mount, unmount
        /// Detaches it although it is in use.
        case detach
        /// Makes it read-only. Mounting it undoes that.
        case seal
    }

    let weave: Weave
    let name: String

    static let workDirectory = ExclusiveUse.workDirectory
    static let type = ExclusiveUse.mountType

    var path: String { weave.workweaves + "/" + name }
    var state: String { weave.states + "/" + name }
    /// The exit status that says "in use".
    private static let busyStatus: Int32 = 75
    /// Seconds. Removing a large repo takes as long as anybody's removing it.
    private static let timeout = 600

    /// Whether it is mounted, told without touching it.
    var isMounted: Bool {
        let entry = MountTable.find(path)
        return entry?.type == Self.type && entry?.source == weave.root
    }

    /// Whether nothing can be changed in it at the moment.
    var isSealed: Bool { MountTable.find(path)?.isReadOnly ?? false }

    // MARK: In the server

    /// Whether all is mounted that belongs to a workweave.
    func isComplete(_ record: WorkweaveRecord) -> Bool {
        guard isMounted, !isSealed, (record.left ?? []).allSatisfy(\.isGone) else { return false }
        return record.repos.allSatisfy { repo in
            guard repo.isApart == true || repo.isReadOnly else { return true }
            return MountTable.find("\(path)/\(repo.path)")?.isReadOnly == repo.isReadOnly
        }
    }

    /// Makes what is mounted what the record says, and takes out the repos that left. Server's threads only, and not one on which the kernel waits.
    /// - Throws: `.busy` when a repo that is to go is a mount of its own and in use; `.unsupported` with the reason where overlayfs cannot be mounted.
    func mount() throws(WeaveError) {
        let outcome = try run(.mount)
        if outcome.status == Self.busyStatus { throw WeaveError(.busy, "a repo that is to go is in use: \(outcome.errorText.split(separator: "\n").first ?? path[...])", hint: "leave its directory and end those programs") }
        guard outcome.succeeded else {
            throw WeaveError(.unsupported, "overlayfs cannot be mounted at \(path): \(outcome.errorText.split(separator: "\n").first ?? "no reason given")",
                             hint: "use --engine fuse")
        }
    }

    /// Refuses changes (EROFS) until it is mounted anew. - Throws: `.busy` when a file is open for writing.
    func seal() throws(WeaveError) { try take(.seal, "make read-only") }

    /// Nothing to do when it is not mounted.
    /// - Throws: `.busy` when it is in use (and not `force`).
    func unmount(force: Bool) throws(WeaveError) { try take(force ? .detach : .unmount, "take away") }

    private func take(_ action: Action, _ doing: String) throws(WeaveError) {
        let outcome = try run(action)
        if outcome.status == Self.busyStatus {
            throw WeaveError(.busy, "\(path) is in use", hint: "leave that directory and end those programs, or use --force")
        }
        guard outcome.succeeded else { throw WeaveError(.failed, "cannot \(doing) \(path): \(outcome.errorText)", hint: "see \(weave.log)/server.log") }
    }

    private func run(_ action: Action) throws(WeaveError) -> Subprocess.Outcome {
        try system("\(action.rawValue) \(path)") { () throws(Errno) in
            var helper = Subprocess(CurrentProcess.executable, [Self.verb, action.rawValue, weave.root, name])
            helper.name = "rwv"
            helper.directory = "/"
            return try helper.run(timeout: Self.timeout)
        }
    }

    // MARK: In the process of its own

    /// - Parameter arguments: what stands behind the verb. Returns the exit status; says on standard error what went wrong.
    package static func run(_ arguments: [String]) -> Int32 {
        guard arguments.count == 3, let action = Action(rawValue: arguments[0]) else { return 2 }
        // Its successor must not find us at work: it goes on with what we leave.
        CurrentProcess.signalOnParentDeath(Signals.kill)
        let one = KernelMount(weave: Weave(root: arguments[1]), name: arguments[2])
        do throws(WeaveError) { try one.perform(action) } catch {
            try? FileDescriptor.standardError.writeAll(Array((error.message + "\n").utf8))
            return error.code == .busy ? busyStatus : 1
        }
        return 0
    }

    /// Locks the state directory, for as long as the answer is open.
    func lockState() throws(WeaveError) -> FileDescriptor {
        try system("lock \(state)") { () throws(Errno) in
            let state = try Files.open(self.state, OpenFlags.directory)
            _ = try state.lock()
            return state
        }
    }

    private func perform(_ action: Action) throws(WeaveError) {
        let lock = try lockState()
        defer { lock.close() }
        switch action {
        case .mount:
            guard try Journal.read(state)?.operation != .delete, let record = try record() else { throw WeaveError(.notFound, "'\(name)' is being deleted") }
            do throws(Errno) { try mountAll(record) } catch { throw WeaveError(error == .busy ? .busy : .failed, "\(error)") }
        case .unmount:
            do throws(Errno) { try takeAway() } catch {
                if let record = try record() { try? mountAll(record) }
                throw WeaveError(error == .busy ? .busy : .failed, "\(error)")
            }
        case .seal:
            let places = [path] + (try record()?.repos ?? []).filter { $0.isApart == true && !$0.isReadOnly }.map { "\(path)/\($0.path)" }
            do throws(Errno) { for place in places { try setReadOnly(place, true) } } catch { throw WeaveError(error == .busy ? .busy : .failed, "\(error)") }
        case .detach:
            guard isOccupied else { return }
            guard isOverlay else { throw WeaveError(.exists, "another file system is mounted there", hint: "unmount it") }
            try system("detach") { () throws(Errno) in
                try Syscalls.unmount(path, lazy: true)
                for place in inner() { try Syscalls.unmount(place, lazy: true) }
            }
        }
    }

    func record() throws(WeaveError) -> WorkweaveRecord? { try WorkweaveRecord.read(state) }

    /// Mounts all of it that is not there, and takes out what left. Changes the working directory.
    func mountAll(_ record: WorkweaveRecord) throws(Errno) {
        // Short relative paths: a page holds all options, and none of them needs an escape, whatever the weave is called.
        try CurrentProcess.enter(weave.baseView)
        let isNew = !(isOccupied && isMounted)
        if isNew { try mountOverlay(record) } else if isSealed { try unseal(record) }
        try mountParts(record, isNew: isNew)
        // Nobody may find it in use because of us.
        try CurrentProcess.enter("/")
    }

    /// Whether something is mounted there, told by touching it: the table of a thousand mounts takes longer to read than all else together.
    private var isOccupied: Bool { Files.isMountPoint(path) ?? isMounted }

    /// What somebody has mounted on top of ours is not ours to take away. Told by touching it, too.
    private var isOverlay: Bool {
        guard let top = try? Files.open(path, OpenFlags.path | OpenFlags.directory | OpenFlags.noFollow) else { return isMounted }
        defer { top.close() }
        return (try? top.fileSystemStatus().type) == FileSystemStatus.overlay
    }

    private func takeAway() throws(Errno) {
        guard isOccupied else { return }
        guard isOverlay else { throw .busy }
        if !Files.exists(state + "/added"), (try? Syscalls.unmount(path, lazy: false)) != nil { return }
        for place in inner().reversed() { try Syscalls.unmount(place, lazy: false) }
        try Syscalls.unmount(path, lazy: false)
    }

    /// What is mounted inside, and what was left half-mounted, in the order of mounting.
    private func inner() -> [String] {
        MountTable.all().filter { $0.type == Self.type && $0.source == weave.root && ($0.path.hasPrefix(path + "/") || $0.path.hasPrefix(state + "/")) }.map(\.path)
    }

    private func mountOverlay(_ record: WorkweaveRecord) throws(Errno) {
        let lowers = try record.beneath.repos.map { repo throws(Errno) in try layer(repo) }
        try mountOverlay(lower: [name] + lowers, at: path, state, record)
    }

    /// Whether the mount options of a workweave's overlay fit in a page, and its layers in overlayfs's 500.
    static func takes(_ record: WorkweaveRecord) -> Bool { record.repos.count < 450 && record.repos.count * 8 + record.name.utf8.count * 3 + 200 < 4096 }

    /// The layer of a repo, as seen from the base view's root. - Throws: ENOENT when it is not shown.
    func layer(_ repo: WorkweaveRecord.Repo) throws(Errno) -> String {
        guard let number = try BaseNumbers.read(weave.run + "/base.list")[repo.baseKey] else { throw .notFound }
        return "\(BaseHandler.layers)/\(number)"
    }

    /// - Parameter state: the directory of `upper` and overlayfs's work directory.
    func mountOverlay(lower: [String], at place: String, _ state: String, _ record: WorkweaveRecord) throws(Errno) {
        do throws(Errno) { try Files.makeDirectory("\(state)/\(Self.workDirectory)", mode: 0o700) } catch where error == .exists {}
        let ours = weave.fromBaseView(state)
        var options = ["lowerdir=" + lower.joined(separator: ":"), "upperdir=\(ours)/upper", "workdir=\(ours)/\(Self.workDirectory)",
                       "xino=off", "index=off", "metacopy=off"]
        // With user.overlay.* overlayfs follows and makes no redirects.
        options.append(record.upper?.prefix == UpperFormat.Prefix.user.rawValue ? "userxattr" : "redirect_dir=on")
        try mountFileSystem(weave.root, at: place, type: Self.type, flags: Self.flags, options: options.joined(separator: ","))
    }

    static let flags = MountFlags.noSetID | MountFlags.noDevices
}
