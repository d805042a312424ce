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
    private var found: Context?

    init(_ arguments: ParsedArguments, _ output: Output, _ service: Service) throws {
        self.arguments = arguments
        self.output = output
        self.service = service
        let here = try system("find the working directory") { () throws(Errno) in try Files.workingDirectory() }
        var at = here
        for step in arguments.values("-C") { at = step.hasPrefix("/") ? step : at + "/" + step }
        directory = try system("enter \(arguments.value("-C") ?? at)") { () throws(Errno) in
            let canonical = try Files.canonical(at)
            guard Files.isDirectory(canonical) else { throw .notDirectory }
            return canonical
        }
    }

    var wantsJSON: Bool { arguments.has("--json") }

    /// The project that `--project` names.
    func namedProject() throws(ManifestError) -> ProjectName? {
        guard let text = arguments.value("--project") else { return nil }
        return try ProjectName(text)
    }

    /// Where the command acts. From here on root has become the owner of the weave.
    func context() throws -> Context {
        if let found { return found }
        let context = try Context.find(from: directory, project: namedProject())
        try becomeOwner(of: context.weave.root)
        found = context
        return context
    }

    /// The weave alone, for commands that see to what is mounted of it: they work also when its disk cannot be read.
    func weave() throws -> Weave {
        let weave = try found?.weave ?? Context.findWeave(from: directory)
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

    /// The real path of a directory that the user typed. With `mayBeDead` its last part need not answer: of a mount whose server is gone.
    func canonicalDirectory(_ text: String, mayBeDead: Bool = false) throws -> String {
        if text.isEmpty { throw CommandFailure("the name of the directory is empty", hint: "name a directory that is there") }
        var typed = path(text)
        while typed.utf8.count > 1, typed.hasSuffix("/") { typed.removeLast() }
        do throws(Errno) {
            let real = try Files.canonical(typed)
            guard Files.isDirectory(real) else { throw .notDirectory }
            return real
        } catch {
            guard mayBeDead, let slash = typed.lastIndex(of: "/"), let above = try? Files.canonical(slash == typed.startIndex ? "/" : String(typed[..<slash])) else {
                throw CommandFailure("cannot use \(text): \(error)", hint: "name a directory that is there")
            }
            return (above == "/" ? "" : above) + typed[slash...]
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
