internal import ArgumentParsing
internal import Manifest
internal import Syscalls
internal import Weave

/// What stands behind `mount.weavefs`, `mount.fuse.weavefs` and `umount.fuse.weavefs` (mount-helpers/): the words that mount(8) and umount(8)
/// call their helpers with, turned into commands of this program.
package struct MountHelper: Sendable {
    /// The hidden verbs that the helpers start this program with.
    package static let mountVerb = "__mount"
    package static let unmountVerb = "__umount"

    /// Exit codes of mount(8).
    private enum Exit {
        static let done: Int32 = 0, usage: Int32 = 1, failure: Int32 = 32
    }

    private let program: Program
    private let output = Output()

    package init(_ service: Service) { program = Program(service: service) }

    /// Runs a command line (without the program's own name) if it is a helper's, and returns the exit code that mount(8) expects; nil when it is not.
    package func run(_ words: [String]) -> Int32? {
        guard let verb = words.first, [Self.mountVerb, Self.unmountVerb].contains(verb) else { return nil }
        let arguments = Array(words.dropFirst())
        do {
            let line = try verb == Self.mountVerb ? mount(arguments) : unmount(arguments)
            guard let line else { return Exit.done }
            let isOnDemand = verb == Self.mountVerb && CurrentProcess.userID == 0 && MountTable.find(line[4])?.type == MountTable.onDemand
            switch try isOnDemand ? mountOnDemand(line, weave: line[1], line[4]) : program.run(line) {
            case 0: return Exit.done
            case 2: return Exit.usage
            default: return Exit.failure
            }
        } catch {
            let failure = CommandFailure(reporting: error)
            output.fail(failure)
            return failure.status == 2 ? Exit.usage : Exit.failure
        }
    }

    /// `SPEC DIR [-sfnv] [-N NAMESPACE] [-o OPTIONS] [-t TYPE]` as a command line of ours, `-C WEAVE mount PROJECT DIR …`; nil when nothing is to be done.
    private func mount(_ words: [String]) throws -> [String]? {
        let call = try HelperCall(words, flags: "sfnvrw", values: "Not")
        guard call.operands.count == 2 else { throw HelperCall.usage("mount.weavefs WEAVE DIR [-o project=P,…]") }
        let options = try HelperOptions(call.values("o"), isSloppy: call.has("s"), readOnly: call.has("r"))
        let source = Self.weave(call.operands[0]), directory = try Self.place(call.operands[1])
        let project = try options.project ?? (options.isRemount ? nil : activeProject(source))
        guard let project else { throw UsageError("a mounted project can be switched, and nothing else", hint: "mount -o remount,project=NAME \(directory)") }
        if let there = MountTable.find(directory), there.type == MountTable.ours, there.isReadOnly != options.isReadOnly {
            throw CommandFailure("\(directory) is mounted \(there.isReadOnly ? "read-only" : "read-write"), and stays so", hint: "unmount it, and mount it as you want it")
        }
        try checkOwner(of: directory, source)
        if call.has("f") { return nil }
        let line = ["-C", source, "mount", project, directory]
        // mount(8) repeats what it takes the mount's options to be.
        if options.isRemount { return line }
        return line + (options.showsAll ? ["--all"] : []) + (options.passedOn.isEmpty ? [] : ["-o", options.passedOn.joined(separator: ",")])
    }

    /// Mounts on an autofs, as root. Everybody who touches that directory waits for this mount, but the processes of systemd's own group, which we are in: so
    /// the weave's keeper mounts in a directory aside, and we take the mount from there.
    private func mountOnDemand(_ line: [String], weave: String, _ directory: String) throws -> Int32 {
        let owner = try system("look at \(weave)") { () throws(Errno) in try Files.status(weave, follow: true) }
        let aside = (Files.isDirectory("/run") ? "/run" : "/tmp") + "/rwv-mount.\(randomHex(8))"
        try system("make \(aside)") { () throws(Errno) in
            try Files.makeDirectory(aside, mode: 0o700)
            let handle = OwnedDescriptor(try Files.open(aside, OpenFlags.path | OpenFlags.noFollow))
            try handle.descriptor.setOwner(ofHandle: owner?.owner ?? 0, gid: owner?.group ?? 0)
        }
        defer { try? Files.removeDirectory(aside) }
        // A process of its own, which becomes the weave's owner for good.
        var child = Subprocess(CurrentProcess.executable, line + ["-o", Mount.placeOption + aside])
        child.passError = true
        let status = try child.run().status
        guard status == 0 else { return status }
        defer { try? Syscalls.unmount(aside, lazy: true) }
        try system("mount at \(directory)") { () throws(Errno) in try bindMount(aside, to: directory) }
        return 0
    }

    /// `DIR [-nlfvr] [-N NAMESPACE] [-t TYPE]`.
    private func unmount(_ words: [String]) throws -> [String]? {
        let call = try HelperCall(words, flags: "nlfvr", values: "Nt")
        guard call.operands.count == 1 else { throw HelperCall.usage("umount.weavefs DIR") }
        return ["unmount", call.operands[0]] + (call.has("l") || call.has("f") ? ["--force"] : [])
    }

    /// The weave that a line of fstab names: a path, or one behind `weavefs#` as mount.fuse(8) has it.
    private static func weave(_ spec: String) -> String {
        let prefix = "weavefs#"
        return spec.hasPrefix(prefix) ? String(spec.dropFirst(prefix.count)) : spec
    }

    /// A mount point as an absolute path, from the caller's directory: the line of ours is carried out in the weave.
    private static func place(_ text: String) throws -> String {
        if text.hasPrefix("/") { return text }
        return Files.canonicalAsFar(try system("find the working directory") { () throws(Errno) in try Files.workingDirectory() } + "/" + text)
    }

    private func activeProject(_ weave: String) throws -> String {
        let root = try system("find \(weave)") { () throws(Errno) in try Files.canonical(weave) }
        guard let project = try Weave(root: root).activeProject() else {
            throw UsageError("no project is named, and none is active in \(weave)", hint: "add the option project=NAME")
        }
        return project.text
    }

    /// Root mounts as the weave's owner, who must be able to write to the directory: fusermount3 asks for that.
    private func checkOwner(of directory: String, _ weave: String) throws {
        guard CurrentProcess.userID == 0, MountTable.find(directory) == nil, let owner = try? Files.status(weave, follow: true)?.owner, owner != 0,
              let status = try? Files.status(directory, follow: true), status.owner != owner else { return }
        throw CommandFailure("\(directory) does not belong to the owner of the weave \(weave)", hint: "chown \(owner) \(directory)")
    }
}

/// The words that a helper was called with.
private struct HelperCall {
    var operands: [String] = []
    private var found: [Character: [String]] = [:]

    /// - Parameters:
    ///   - flags: letters of options without a value, which may stand together.
    ///   - values: letters of options with one.
    init(_ words: [String], flags: String, values: String) throws(UsageError) {
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("-"), word != "-" else {
                operands.append(word)
                continue
            }
            var letters = word.dropFirst()
            while let letter = letters.popFirst() {
                if values.contains(letter) {
                    guard let value = letters.isEmpty ? rest.popFirst() : String(letters) else { throw UsageError("option '-\(letter)' needs a value", hint: "see mount(8), \"EXTERNAL HELPERS\"") }
                    found[letter, default: []].append(value)
                    break
                }
                guard flags.contains(letter) else { throw UsageError("unknown option '\(word)'", hint: "see mount(8), \"EXTERNAL HELPERS\"") }
                found[letter, default: []].append("")
            }
        }
    }

    func has(_ letter: Character) -> Bool { found[letter] != nil }
    func values(_ letter: Character) -> [String] { found[letter] ?? [] }

    static func usage(_ line: String) -> UsageError { UsageError("a weave and a directory are needed", hint: "usage: \(line)") }
}

/// The options of a line of fstab.
private struct HelperOptions {
    var project: String?
    var showsAll = false
    var isReadOnly: Bool
    var isRemount = false
    /// For `rwv mount -o`.
    var passedOn: [String] = []

    /// What mount(8), systemd and FUSE put beside ours, and what concerns none of us.
    private static let ignored: Set<String> = [
        "defaults", "auto", "noauto", "user", "nouser", "users", "owner", "group", "_netdev", "nofail", "loud", "silent", "relatime", "norelatime", "strictatime",
        "nostrictatime", "lazytime", "nolazytime", "diratime", "nodiratime", "mand", "nomand", "iversion", "noiversion", "default_permissions", "comment",
        "user_id", "group_id", "uhelper", "helper", "max_read", "fsname", "subtype",
    ]

    init(_ lists: [String], isSloppy: Bool, readOnly: Bool) throws(UsageError) {
        isReadOnly = readOnly
        for option in lists.flatMap({ $0.split(separator: ",").map(String.init) }) {
            let name = String(option.prefix { $0 != "=" })
            switch name {
            case "project":
                let value = String(option.dropFirst(name.count + 1))
                guard !value.isEmpty, !value.hasPrefix("-") else { throw UsageError("'\(option)' names no project", hint: "write project=NAME, such as project=web-app") }
                project = value
            case "all": showsAll = true
            case "remount": isRemount = true
            case "ro", "rw": isReadOnly = option == "ro"
            case _ where Mount.known.contains(option): passedOn.append(option)
            case _ where Self.ignored.contains(name) || name.hasPrefix("x-") || name.hasPrefix("X-") || isSloppy: break
            default: throw UsageError("there is no mount option '\(option)'", hint: "use project=NAME, all, or one of \(Mount.known.sorted().joined(separator: ", "))")
            }
        }
        if isReadOnly { passedOn.append("ro") }
    }
}
