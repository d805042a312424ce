internal import Layers
internal import Nodes
internal import Syscalls
internal import Weave

/// The kernel's overlayfs of one workweave: mounted and taken away by a process of its own, which asks the server for the way there like
/// anybody else. The server and the keeper themselves must never walk into their own mounts.
///
/// The base view's directory is the lower, the usual upper directory the upper. Whoever mounts or unmounts holds the state directory's lock.
package struct KernelMount {
    /// The hidden verb that the process is started with: `VERB ACTION WEAVE NAME`.
    package static let verb = "__overlay"

    enum Action: String {
        case mount, unmount
        /// Detaches it although it is in use.
        case detach
    }

    let weave: Weave
    let name: String

    static let workDirectory = ExclusiveUse.workDirectory
    static let type = ExclusiveUse.mountType

    private var path: String { weave.workweaves + "/" + name }
    /// The exit status that says "in use".
    private static let busyStatus: Int32 = 75
    /// Seconds.
    private static let timeout = 60

    /// Whether it is mounted, told without touching it.
    var isMounted: Bool { MountTable.find(path).map { $0.type == Self.type && $0.source == weave.root } ?? false }

    // MARK: In the server

    /// Mounts it unless it is. Server's threads only, and not one on which the kernel waits. - Throws: `.unsupported` with the reason.
    func mount() throws(WeaveError) {
        let outcome = try run(.mount)
        guard outcome.succeeded else {
            throw WeaveError(.unsupported, "overlayfs cannot be mounted at \(path): \(outcome.errorText.split(separator: "\n").first ?? "no reason given")",
                             hint: "use --engine fuse")
        }
    }

    /// - Throws: `.busy` when it is in use (and not `force`).
    func unmount(force: Bool) throws(WeaveError) {
        if !isMounted { return }
        let outcome = try run(force ? .detach : .unmount)
        if outcome.status == Self.busyStatus {
            throw WeaveError(.busy, "\(path) is in use", hint: "leave that directory and end those programs, or use --force")
        }
        guard outcome.succeeded else { throw WeaveError(.failed, "cannot take away \(path): \(outcome.errorText)", hint: "see \(weave.log)/server.log") }
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
        let one = KernelMount(weave: Weave(root: arguments[1]), name: arguments[2])
        do throws(WeaveError) { try one.perform(action) } catch {
            try? FileDescriptor.standardError.writeAll(Array((error.message + "\n").utf8))
            return error.code == .busy ? busyStatus : 1
        }
        return 0
    }

    /// Locks the state directory, for as long as the answer is open.
    func lockState() throws(WeaveError) -> FileDescriptor {
        try system("lock \(weave.states)/\(name)") { () throws(Errno) in
            let state = try Files.open("\(weave.states)/\(name)", OpenFlags.directory)
            _ = try state.lock()
            return state
        }
    }

    private func perform(_ action: Action) throws(WeaveError) {
        let state = try lockState()
        defer { state.close() }
        switch action {
        case .mount:
            guard try Journal.read(weave.states + "/" + name) == nil, let record = try record() else { throw WeaveError(.notFound, "'\(name)' is being deleted") }
            let isThere = isMounted
            try system("mount overlayfs") { () throws(Errno) in
                if !isThere { try mountOverlay(record) }
                try protectReferences(record)
            }
        case .unmount:
            do throws(Errno) { try takeAway() } catch {
                if let record = try record() { try? protectReferences(record) }
                throw WeaveError(error == .busy ? .busy : .failed, "\(error)")
            }
        case .detach: try system("detach") { () throws(Errno) in try Syscalls.unmount(path, lazy: true) }
        }
    }

    func record() throws(WeaveError) -> WorkweaveRecord? { try WorkweaveRecord.read(weave.states + "/" + name) }

    private func takeAway() throws(Errno) {
        for path in inner().reversed() { try Syscalls.unmount(path, lazy: false) }
        try Syscalls.unmount(path, lazy: false)
    }

    /// What is mounted inside, in the order of mounting.
    private func inner() -> [String] { MountTable.all().map(\.path).filter { $0.hasPrefix(path + "/") } }

    func mountOverlay(_ record: WorkweaveRecord) throws(Errno) {
        let state = weave.states + "/" + name
        do throws(Errno) { try Files.makeDirectory("\(state)/\(Self.workDirectory)", mode: 0o700) } catch where error == .exists {}
        // Short relative paths: a page holds all options, and none of them needs an escape, whatever the weave is called.
        try CurrentProcess.enter(weave.baseView)
        var options = ["lowerdir=" + (try lowers(record)).joined(separator: ":"), "upperdir=" + Weave.upperFromBaseView(name),
                       "workdir=../../workweaves/\(name)/\(Self.workDirectory)", "xino=off", "index=off", "metacopy=off"]
        // With user.overlay.* overlayfs follows and makes no redirects.
        options.append(record.upper?.prefix == UpperFormat.Prefix.user.rawValue ? "userxattr" : "redirect_dir=on")
        try mountFileSystem(weave.root, at: path, type: Self.type, flags: MountFlags.noSetID | MountFlags.noDevices, options: options.joined(separator: ","))
    }

    /// The lower directories of a workweave's overlay, the uppermost first, as seen from the base view's root.
    private func lowers(_ record: WorkweaveRecord) throws(Errno) -> [String] {
        let numbers = try BaseNumbers.read(weave.run + "/base.list")
        return [name] + (try record.repos.map { repo throws(Errno) in
            guard let number = numbers[repo.baseKey] else { throw .notFound }
            return "\(BaseHandler.layers)/\(number)"
        })
    }

    /// Repos of role `reference` are mounted over themselves, read-only.
    func protectReferences(_ record: WorkweaveRecord) throws(Errno) {
        let there = Set(inner())
        for repo in record.repos where repo.isReadOnly && !there.contains("\(path)/\(repo.path)") {
            let place = "\(path)/\(repo.path)"
            try bindMount(place, to: place)
            do throws(Errno) { try mountFileSystem("none", at: place, type: "none", flags: MountFlags.bind | MountFlags.remount | MountFlags.readOnly | MountFlags.noSetID | MountFlags.noDevices, options: "") } catch {
                try? Syscalls.unmount(place, lazy: true)
                throw error
            }
        }
    }
}
