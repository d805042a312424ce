internal import ArgumentParsing
internal import Control
internal import Manifest
internal import Syscalls
internal import Weave

/// `rwv mount PROJECT DIR`: a project as a folder.
enum Mount {
    static let verb = Verb(CommandSpec(
        "mount", "show a project as a folder: its repos, its project directory, its files at the root",
        positionals: [PositionalSpec("PROJECT", "the project"), PositionalSpec("DIR", "an empty directory, or one where a project of this weave is mounted already")],
        options: [
            OptionSpec("--all", "show every clone of the weave, not just the project's"),
            OptionSpec("--read-only", "nothing can be changed through the mount"),
            OptionSpec("--allow-other", "let other users in (needs user_allow_other in /etc/fuse.conf, but for root)"),
            OptionSpec("--foreground", "stay until a signal comes, then unmount"),
            OptionSpec("-o", value: "OPT,…", "mount options: ro, rw, allow_other, nosuid, nodev, noexec, noatime and their opposites"),
        ],
        details: """
            Prints nothing on success. The repos are the weave's clones: what is written through the mount is in them at once, and what
            changes in them shows in the mount within a second. What is written at the mount's root belongs to the project and is there
            again the next time. Over a mount of this weave it switches that mount to the project.
            """)
    ) { session in
        let context = try session.contextOfWeave(), weave = context.weave
        try session.service.requireOwner(weave)
        let project = try ProjectName(session.arguments[0] ?? "")
        _ = try weave.readManifest(project)
        let (options, place) = try options(session)
        let path = try session.canonicalDirectory(session.arguments[1] ?? "")
        let mode = place != nil && MountTable.find(path)?.type == MountTable.onDemand ? 0o755 : try check(path, weave)
        try Activate.generate(project, context.inWeave)
        try session.service.mount(weave, MountOptions(project: project.text, path: path, showsAll: session.arguments.has("--all"),
                                                      options: options, modeBelow: mode, place: place))
        if session.arguments.has("--foreground") { try stay(session, weave, path) }
    }

    static let known: Set<String> = ["ro", "rw", "allow_other", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "atime", "noatime", "sync", "async", "dirsync"]

    /// Ours among mount options: see ``MountOptions/place``. For the helper of mount(8) alone.
    static let placeOption = "x-rwv.place="

    private static func options(_ session: Session) throws -> (known: [String], place: String?) {
        var all = session.arguments.values("-o").flatMap { $0.split(separator: ",").map(String.init) }
        let place = all.last { $0.hasPrefix(placeOption) }.map { String($0.dropFirst(placeOption.count)) }
        all.removeAll { $0.hasPrefix(placeOption) }
        for option in all where !known.contains(option) {
            throw UsageError("there is no mount option '\(option)'", hint: "use one of \(known.sorted().joined(separator: ", "))")
        }
        if session.arguments.has("--read-only") { all.append("ro") }
        if session.arguments.has("--allow-other") { all.append("allow_other") }
        return (all, place)
    }

    /// Refuses a place that cannot be mounted on. Returns the directory's permissions.
    private static func check(_ path: String, _ weave: Weave) throws -> UInt32 {
        if let there = MountTable.find(path) {
            if weave.owns(there), path != weave.workweaves { return 0o755 }
            throw CommandFailure("something is mounted at \(path) already (\(there.type))", hint: "unmount it, or choose another directory")
        }
        if path == weave.root || weave.root.hasPrefix(path + "/") {
            throw CommandFailure("\(path) holds the weave itself", hint: "choose another directory")
        }
        if path.hasPrefix(weave.root + "/") { try checkInside(path, weave) }
        if let outer = MountTable.containing(path), outer.type == MountTable.ours {
            throw CommandFailure("\(path) lies inside the mount \(outer.path)", hint: "choose a directory outside of it")
        }
        let directory = OwnedDescriptor(try onPath(path) { () throws(Errno) in try Files.open(path, OpenFlags.directory) })
        guard try onPath(path, { () throws(Errno) in try directory.descriptor.directoryEntries() }).isEmpty else {
            throw CommandFailure("\(path) is not empty", hint: "choose an empty directory")
        }
        let status = try onPath(path) { () throws(Errno) in try directory.descriptor.status() }
        // What fusermount3 wants, and says of it no more than EPERM.
        if CurrentProcess.userID != 0, status.owner != CurrentProcess.userID {
            throw CommandFailure("\(path) does not belong to the owner of the weave \(weave.root)", hint: "as root: chown \(CurrentProcess.userID) \(path); or choose a directory of the owner's")
        }
        return status.permissions
    }

    /// What a mount shows must not hold a mount.
    private static func checkInside(_ path: String, _ weave: Weave) throws {
        let first = path.dropFirst(weave.root.count + 1).prefix { $0 != "/" }
        var at = path
        var isInClone = false
        while at != weave.root, let slash = at.lastIndex(of: "/") {
            isInClone = isInClone || Files.exists(at + "/.git")
            at = String(at[..<slash])
        }
        guard !isInClone, ![".rwv", ".workweaves", "projects"].contains(first) else {
            throw CommandFailure("\(path) lies inside \(isInClone ? "a clone" : first) of the weave", hint: "choose a directory outside of the weave")
        }
    }

    /// Until a signal comes, or somebody takes the mount away.
    private static func stay(_ session: Session, _ weave: Weave, _ path: String) throws {
        let all = [Signals.terminate, Signals.interrupt, Signals.hangup]
        Signals.block(all)
        let signals = OwnedDescriptor(try Signals.descriptor(for: all))
        while MountTable.find(path) != nil {
            if try signals.descriptor.waitReadable(milliseconds: 500) { return try Unmount.run(session, weave, path, force: false) }
        }
    }
}
