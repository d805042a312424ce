import Syscalls
import Testing

/// A directory in which the same script runs with the real rwv 0.2.8 and with ours, in the same place and on the same remotes, so that
/// even absolute paths in files must be equal. The ecosystems' tools are stand-ins that write down how they were called.
final class TwoPrograms {
    enum Program: String { case real, ours }

    private let root: String
    private let ours: String
    private let real: String

    init() throws {
        root = try Files.canonical("/tmp") + "/rwv-differential.\(randomHex(8))"
        let built = try Files.canonical("/proc/self/exe").split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/rwv"
        ours = CurrentProcess.environment("RWV") ?? built
        real = CurrentProcess.environment("RWV_ORACLE") ?? Self.source(".build/oracle/0.2.8/rwv")
        try #require(Files.exists(ours), "no program at \(ours): make build")
        try #require(Files.exists(real), "the real rwv 0.2.8 is not at \(real): run .ci/oracle, or name it in RWV_ORACLE")
        for directory in ["", "/home", "/tools"] { try Files.makeDirectory(root + directory) }
        for tool in ["npm", "pnpm", "uv", "cargo", "go"] {
            try Files.create(root + "/tools/" + tool, Array("#!/bin/sh\necho \"\(tool) $* in $PWD\" >> '\(root)/calls'\n".utf8), mode: 0o755)
        }
        try sh("bash \(Self.source("Tests/DifferentialTests/Scripts/remotes.sh")); mv remotes pristine")
    }

    deinit { try? Files.removeTree(root) }

    /// A path of this source tree.
    static func source(_ path: String) -> String {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/") + "/" + path
    }

    @discardableResult
    private func sh(_ script: String, _ first: Program = .ours, _ location: SourceLocation = #_sourceLocation) throws -> String {
        let environment = ["HOME=\(root)/home", "PATH=\(root)/bin:\(root)/tools:/usr/bin:/bin", "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
                           "GIT_AUTHOR_DATE=1700000000 +0000", "GIT_COMMITTER_DATE=1700000000 +0000"]
        let links = "mkdir -p bin; ln -sf '\(real)' bin/real; ln -sf '\(ours)' bin/ours; ln -sf '\(first == .real ? real : ours)' bin/rwv\n"
        let outcome = try Subprocess("/bin/bash", ["-euc", links + script], environment: environment, directory: root).run(timeout: 240)
        try #require(outcome.succeeded, "with \(first.rawValue): \(script)\n\(outcome.outputText)\n\(outcome.errorText)", sourceLocation: location)
        return outcome.outputText
    }

    /// What a script, run in a fresh weave with `rwv` being the program, leaves behind, and how it called the tools.
    func run(_ program: Program, _ script: String, _ location: SourceLocation = #_sourceLocation) throws -> [String] {
        let begin = "rm -rf weave remotes calls; cp -r pristine remotes; mkdir -p weave/github; touch calls\n"
        let snapshot = "\nbash \(Self.source("Tests/DifferentialTests/Scripts/snapshot.sh")) weave; echo '=== tools'; cat calls"
        let text = try sh(begin + "(cd weave; " + script + "\n) > said 2>&1 || { cat said; exit 1; }" + snapshot, program, location)
        return text.split(separator: "\n").map(String.init)
    }

    /// Runs a script with both and fails where they differ.
    /// - Parameter intended: takes a line of ours, or of the real one, that is meant to differ (docs/differences.md).
    func compare(_ script: String, intended: (Program, String) -> Bool = { _, _ in false }, _ location: SourceLocation = #_sourceLocation) throws {
        let theirs = try run(.real, script, location).filter { !Self.isAlwaysIntended($0) && !intended(.real, $0) }
        let mine = try run(.ours, script, location).filter { !intended(.ours, $0) }
        #expect(theirs.count > 4, sourceLocation: location)
        let gone = theirs.difference(from: mine).map { change in
            switch change {
            case .insert(_, let line, _): "real: \(line)"
            case .remove(_, let line, _): "ours: \(line)"
            }
        }
        #expect(gone.isEmpty, "\(gone.joined(separator: "\n"))", sourceLocation: location)
    }

    /// rwv 0.2.8 writes a manifest anew at each change, and this line with it.
    private static func isAlwaysIntended(_ line: String) -> Bool { line == "integrations: {}" }
}
