internal import ArgumentParsing
internal import Manifest
internal import Syscalls
internal import Weave

/// One run of a command: what was typed, where it acts, where it speaks. Main thread only.
final class Session {
    let arguments: ParsedArguments
    let output: Output
    let service: Service
    /// The canonical directory that the command was started in, or that `-C` names.
    let directory: String
    /// The weave whose dead mount that directory lies in, if it could not be entered; nil otherwise.
    private let deadWeave: Weave?
    private var found: Context?

    init(_ arguments: ParsedArguments, _ output: Output, _ service: Service) throws {
        self.arguments = arguments
        self.output = output
        self.service = service
        var at = ""
        for step in arguments.values("-C") { at = at.isEmpty || step.hasPrefix("/") ? step : at + "/" + step }
        if !at.hasPrefix("/") {
            let here = try system("find the working directory") { () throws(Errno) in try Self.workingDirectory() }
            at = at.isEmpty ? here : here + "/" + at
        }
        directory = Files.canonicalAsFar(at)
        do throws(Errno) {
            try Files.requireDirectory(try Files.canonical(at))
            deadWeave = Files.isDead(directory) ? Weave.ofDeadMount(directory) : nil
        } catch {
            deadWeave = Weave.ofDeadMount(directory)
            if deadWeave == nil { throw WeaveError(error, "enter \(arguments.value("-C") ?? at)") }
        }
    }

    /// Where we are. In a mount that was taken away, where nobody can tell, it is where the shell takes itself to be: mounted anew, perhaps.
    private static func workingDirectory() throws(Errno) -> String {
        do throws(Errno) { return try Files.workingDirectory() } catch {
            guard let shell = CurrentProcess.environment("PWD"), shell.hasPrefix("/"), let link = (try? Files.readLink("/proc/self/cwd")) ?? nil,
                  !link.hasSuffix(" (deleted)") else { throw error }
            return shell
        }
    }

    var wantsJSON: Bool { arguments.has("--json") }

    /// The project that `--project` names.
    func namedProject() throws(ManifestError) -> ProjectName? {
        guard let text = arguments.value("--project") else { return nil }
        return try ProjectName(text)
    }

    /// Where the command acts. From here on root has become the owner of the weave.
    /// - Parameter readsActive: false where it does not matter which project is active, or cannot be read.
    func context(readsActive: Bool = true) throws -> Context {
        if let found { return found }
        let context = try orInDeadMount {
            try Context.find(from: directory, project: namedProject(), readsActive: readsActive)
        } else: { weave in
            throw CommandFailure("\(directory) cannot be entered: the server of \(weave.root) is gone", hint: "run 'rwv up', and go there again")
        }
        try becomeOwner(of: context.weave.root)
        found = context
        return context
    }

    /// The same for commands that need no more than the weave and what they are told: in a dead mount it is what the mount shows.
    func contextOfWeave() throws -> Context {
        try orInDeadMount({ try context() }) { weave in
            try becomeOwner(of: weave.root)
            return Context(weave: weave, workweave: nil, project: try namedProject())
        }
    }

    /// In a dead mount some of what is asked first may be answered, since the kernel remembers it.
    private func orInDeadMount<R>(_ find: () throws -> R, else other: (Weave) throws -> R) throws -> R {
        if let deadWeave { return try other(deadWeave) }
        do { return try find() } catch {
            guard let weave = Weave.ofDeadMount(directory) else { throw error }
            return try other(weave)
        }
    }

    /// The weave alone, for commands that see to what is mounted of it: they work also when its disk cannot be read.
    func weave() throws -> Weave {
        let weave = try found?.weave ?? orInDeadMount { try Context.findWeave(from: directory) } else: { $0 }
        try becomeOwner(of: weave.root)
        return weave
    }

    /// Root that works in another user's weave does so as that user: nothing of root's is left behind.
    func becomeOwner(of path: String) throws(WeaveError) {
        guard CurrentProcess.userID == 0 else { return }
        let status = try system("look at \(path)") { () throws(Errno) in try Files.status(path, follow: true) ?? FileStatus() }
        guard status.uid != 0 else { return }
        try system("act as the owner of \(path)") { () throws(Errno) in try CurrentProcess.become(uid: status.uid, gid: status.gid) }
    }

    /// A path that the user typed, from the directory that the command acts in; not resolved.
    func path(_ text: String) -> String {
        if text.hasPrefix("/") { return text }
        if text == "~" || text.hasPrefix("~/"), let home = CurrentProcess.environment("HOME") { return home + text.dropFirst() }
        return directory + "/" + text
    }

    /// The real path of a directory that the user typed, also of a mount of ours whose server is gone. With `mayBeGone` its last part need not be there.
    func canonicalDirectory(_ text: String, mayBeGone: Bool = false) throws -> String {
        if text.isEmpty { throw CommandFailure("the name of the directory is empty", hint: "name a directory that is there") }
        var typed = path(text)
        while typed.utf8.count > 1, typed.hasSuffix("/") { typed.removeLast() }
        do throws(Errno) {
            let real = try Files.canonical(typed)
            try Files.requireDirectory(real)
            return real
        } catch {
            let real = Files.canonicalAsFar(typed)
            if MountTable.find(real)?.type == MountTable.ours { return real }
            guard mayBeGone, let slash = typed.lastIndex(of: "/"), (try? Files.canonical(slash == typed.startIndex ? "/" : String(typed[..<slash]))) != nil else {
                throw CommandFailure("cannot use \(text): \(error)", hint: "name a directory that is there")
            }
            return real
        }
    }

    /// The user's registries.
    func registries() throws -> RegistrySet { try UserConfiguration.read().registries }

    /// The answer to a question on the terminal; nil when there is nobody to ask.
    func ask(_ question: String) -> Bool? {
        guard FileDescriptor.standardInput.isTerminal, output.isWatched else { return nil }
        output.flush()
        try? FileDescriptor.standardError.writeAll(Array("\(question) [y/N] ".utf8))
        let answer = (try? FileDescriptor.standardInput.readSome(256)) ?? []
        return answer.first == UInt8(ascii: "y") || answer.first == UInt8(ascii: "Y")
    }
}
