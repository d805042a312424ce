internal import Git
internal import Integrations
internal import JSONCoding
internal import Manifest
internal import Syscalls
internal import Weave

/// The `command` integration: programs of the user's read the members' facts as JSON and print files as JSON. They run at each activation, in
/// the project directory; nothing is written by them through rwv but what they print.
struct CommandIntegration {
    private struct Reply: Decodable {
        let files: [String: String]
    }
    private let context: Context
    private let project: ProjectName

    init(_ context: Context, _ project: ProjectName) {
        self.context = context
        self.project = project
    }

    /// The session with what the programs printed. Names that the user's configuration does not have run nothing.
    /// - Throws: for a program that fails or prints something else; for a path that leaves the project directory; for a file of the user's
    ///   where a printed one belongs.
    func run(_ wiring: RootSession) throws -> RootSession {
        let names = CommandFiles().names(wiring.manifest)
        guard !names.isEmpty else { return wiring }
        let commands = try UserConfiguration.read().commands
        let facts = JSON.object([
            ("project", .string(project.text)), ("workweave", .string(wiring.workweave?.text)), ("root", .string(wiring.root)),
            ("members", .array(wiring.members.map(\.json))),
        ])
        var printed: [GeneratedFile] = [], existing: [String: [UInt8]] = [:]
        let known = try known()
        for (name, words) in names.compactMap({ name in commands[name].map { (name, $0) } }) {
            for (path, text) in try files(name, words, facts).sorted(by: { $0.key < $1.key }) {
                let file = try GeneratedFile(checked(path, name), text)
                guard !printed.contains(where: { $0.path == file.path }) else { continue }
                printed.append(file)
                let full = context.directory(project) + "/" + file.path
                guard !Files.isDirectory(full) else {
                    throw CommandFailure("projects/\(project)/\(file.path) is a directory, where the command '\(name)' would put a file",
                                         hint: "move it away, or take the command out of integrations.command.run")
                }
                guard let bytes = try onPath(full, { () throws(Errno) in try Files.readIfExists(full) }) else { continue }
                guard bytes == file.bytes || known[file.path]?.contains(blobID(of: bytes).hex) == true else {
                    throw CommandFailure("projects/\(project)/\(file.path) is a file of yours, where the command '\(name)' would put one",
                                         hint: "move it away, or take the command out of integrations.command.run")
                }
                existing[file.path] = bytes
            }
        }
        return wiring.with(printed: printed, existing: existing)
    }

    /// Names that the manifest wants run and the user's configuration does not have.
    func unknownNames(_ manifest: Manifest) throws -> [String] {
        let names = CommandFiles().names(manifest)
        guard !names.isEmpty else { return [] }
        let commands = try UserConfiguration.read().commands
        return names.filter { commands[$0] == nil }
    }

    /// Notes which contents are generated, before they are written: files that hold something else are the user's.
    func remember(_ wiring: RootSession) throws {
        guard !wiring.printed.isEmpty else { return }
        var all = try known()
        for file in wiring.printed { all[file.path] = Array(Set(all[file.path] ?? []).union([blobID(of: file.bytes).hex])).sorted() }
        try context.weave.prepareState()
        try writeJSON(all, place)
    }

    private func files(_ name: String, _ words: [String], _ facts: JSON) throws -> [String: String] {
        let directory = context.directory(project)
        let shown = words.joined(separator: " ")
        let outcome = try system("run the command '\(name)' (\(shown))") { () throws(Errno) in
            try Subprocess(words[0], Array(words.dropFirst()), directory: directory).run(input: Array(facts.text.utf8), timeout: 600)
        }
        guard outcome.succeeded else {
            throw CommandFailure(errors: ["the command '\(name)' (\(shown)) ended with status \(outcome.status)"] + outcome.errorText.split(separator: "\n").suffix(20).map { "  \($0)" },
                                 hint: "mend it, or take it out of integrations.command.run")
        }
        do { return try JSONDecoder().decode(Reply.self, from: outcome.output).files } catch {
            let why = (error as? JSONError)?.message ?? "\(error)"
            throw CommandFailure("the command '\(name)' (\(shown)) printed something else than files: \(Self.excerpt(outcome.outputText))",
                                 hint: "{\"files\": {\"PATH\": \"CONTENT\"}} is expected (\(why))")
        }
    }

    /// The beginning of what a program printed.
    private static func excerpt(_ text: String) -> String {
        let lines = text.split(whereSeparator: \.isNewline)
        guard let first = lines.first else { return "nothing" }
        return first.prefix(80) + (lines.count > 1 || first.count > 80 ? " …" : "")
    }

    private func checked(_ path: String, _ name: String) throws -> String {
        let path = try WorkweaveSettings.path(path)
        guard !Manifest.fileNames.contains(path), path != LockFile.fileName else {
            throw CommandFailure("the command '\(name)' would overwrite projects/\(project)/\(path)", hint: "manifest and lock are not generated")
        }
        return path
    }

    /// The blob ids of contents that were printed before, by path.
    func known() throws -> [String: [String]] {
        let bytes = try system("read \(place)") { () throws(Errno) in try Files.readIfExists(place) }
        return bytes.flatMap { try? JSONDecoder().decode([String: [String]].self, from: $0) } ?? [:]
    }

    private var place: String {
        if let workweave = context.workweave { return context.weave.state(of: workweave) + "/commands.json" }
        return context.weave.state + "/commands-\(project.text.split(separator: "/").joined(separator: "+")).json"
    }
}
