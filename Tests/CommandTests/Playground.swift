import Syscalls
import Testing

/// A directory of one test's own with repositories to clone from and a weave `w`, and the built program to run in it.
final class Playground: Sendable {
    let root: String
    let program: String
    var programForShell: String? { Files.exists(program) ? program : nil }

    /// What one run said.
    struct Transcript: Equatable, Sendable, CustomStringConvertible {
        var out: String
        var err: String
        var status: Int32
        var description: String { "status \(status)\n--- out\n\(out)--- err\n\(err)" }
        init(_ out: String = "", err: String = "", status: Int32 = 0) { (self.out, self.err, self.status) = (out, err, status) }
    }

    init() throws {
        root = try Files.canonical("/tmp") + "/rwv-command-tests.\(randomHex(8))"
        let built = try Files.canonical("/proc/self/exe").split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/rwv"
        program = CurrentProcess.environment("RWV") ?? built
        for name in ["", "/w", "/home", "/home/.config", "/home/.config/rwv", "/repos", "/tools"] { try Files.makeDirectory(root + name) }
        // The tools of the integrations: they note in `tools/log` where and with what they were run.
        for tool in ["npm", "pnpm", "go", "uv", "cargo", "gita"] {
            try write("tools/\(tool)", "#!/bin/sh\necho \"$PWD: \(tool) $*\" >> \(root)/tools/log\n")
            try Files.setMode("\(root)/tools/\(tool)", 0o755)
        }
        try write("home/.gitconfig", "[user]\nname = Ann\nemail = ann@example.org\n[init]\ndefaultBranch = main\n[protocol \"file\"]\nallow = always\n")
        try write("home/.config/rwv/config.yaml", "registries:\n  local: {directory: \(root)/repos}\n")
    }

    deinit { try? Files.removeTree(root) }

    var environment: [String] {
        ["HOME=\(root)/home", "PATH=\(root)/tools:\(CurrentProcess.environment("PATH") ?? "/usr/bin:/bin")", "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1",
         "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=file", "GIT_AUTHOR_DATE=1700000000 +0000", "GIT_COMMITTER_DATE=1700000000 +0000"]
    }

    /// Runs `rwv` in a directory (relative to ``root``); the root's path is shown as `ROOT`.
    func rwv(_ words: String..., in directory: String = "w", environment more: [String] = []) throws -> Transcript {
        try run(words, in: directory, environment: more)
    }

    /// The same, for words that were put together.
    func run(_ words: [String], in directory: String = "w", environment more: [String] = []) throws -> Transcript {
        let outcome = try Subprocess(program, words, environment: more + environment, directory: root + "/" + directory).run(timeout: 60)
        return Transcript(shown(outcome.outputText), err: shown(outcome.errorText), status: outcome.status)
    }

    /// Runs shell commands at the root; fails when they do. Returns what they print.
    @discardableResult
    func sh(_ script: String, _ location: SourceLocation = #_sourceLocation) throws -> String {
        let outcome = try Subprocess("/bin/bash", ["-ec", script], environment: environment, directory: root).run(timeout: 60)
        try #require(outcome.succeeded, "\(script)\n\(outcome.errorText)", sourceLocation: location)
        return shown(outcome.outputText)
    }

    func write(_ path: String, _ text: String) throws {
        if let slash = path.lastIndex(of: "/") { try Files.makeDirectories(root + "/" + path[..<slash]) }
        try Files.writeAtomically(root + "/" + path, Array(text.utf8), durable: false)
    }

    func read(_ path: String) throws -> String { shown(String(decoding: try Files.read(root + "/" + path), as: UTF8.self)) }

    func exists(_ path: String) -> Bool { Files.exists(root + "/" + path) }

    /// A repository with one commit at `repos/PATH`.
    func repository(_ path: String) throws {
        try sh("git init -q -b main repos/\(path); cd repos/\(path); echo \(path) > readme; git add .; git commit -qm one")
    }

    /// The weave with an active project `web-app` of these local repositories, cloned.
    func weave(_ repositories: String...) throws {
        for path in repositories { try repository(path) }
        try #require(try rwv("init", "web-app").status == 0)
        try #require(try rwv("activate", "web-app").status == 0)
        for path in repositories { try #require(try rwv("add", "local/\(path)").status == 0) }
    }

    func head(_ path: String) throws -> String { String(try sh("git -C \(path) rev-parse HEAD").prefix(40)) }

    /// Everything below `w` but git's own, one path a line, links with their targets.
    func listing() throws -> String {
        try sh("cd w; find . -mindepth 1 -name .git -prune -o -type l -printf '%P -> %l\\n' -o -type f -printf '%P\\n' | LC_ALL=C sort")
    }

    private func shown(_ text: String) -> String { text.split(separator: root, omittingEmptySubsequences: false).joined(separator: "ROOT") }
}
