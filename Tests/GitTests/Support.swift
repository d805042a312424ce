import Testing
@testable import Git
import Syscalls

/// A directory of one test's own, removed with it.
final class Scratch: Sendable {
    let path: String
    init() throws {
        path = "/tmp/rwv-git-tests.\(randomHex(8))"
        try Files.makeDirectory(path)
    }
    deinit { try? Files.removeTree(path) }
    static func / (scratch: Scratch, name: String) -> String { scratch.path + "/" + name }
}

/// What the tests' git sees: no configuration of the user's, fixed author and dates.
let isolated: [String: String?] = [
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_ATTR_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.org", "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000",
    "GIT_ALLOW_PROTOCOL": "file", "GIT_TERMINAL_PROMPT": "0",
]

/// Runs the real git, and fails the test when it fails. Returns standard output without the last newline.
@discardableResult
func realGit(_ directory: String, _ arguments: String..., environment: [String: String?] = [:], input: String = "",
             sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    let outcome = try GitProgram.run(arguments, directory: directory, environment: isolated.merging(environment) { $1 }, input: Array(input.utf8))
    try #require(outcome.succeeded, "git \(arguments.joined(separator: " ")): \(outcome.errorText)", sourceLocation: sourceLocation)
    var text = outcome.outputText
    if text.hasSuffix("\n") { text.removeLast() }
    return text
}

func write(_ path: String, _ text: String, mode: UInt32 = 0o644) throws {
    if let slash = path.lastIndex(of: "/") { try Files.makeDirectories(String(path[..<slash])) }
    try? Files.unlink(path)
    try Files.create(path, Array(text.utf8))
    try Files.setMode(path, mode)
}

func read(_ path: String) throws -> String { String(decoding: try Files.read(path), as: UTF8.self) }

/// A clone-like repository on branch main with a commit of files of every kind.
func sampleRepository(_ path: String) throws {
    try Files.makeDirectory(path)
    try realGit(path, "init", "-q", "-b", "main")
    try realGit(path, "config", "user.name", "Ann")
    try realGit(path, "config", "user.email", "ann@example.org")
    try write(path + "/readme", "hello\n")
    try write(path + "/run.sh", "#!/bin/sh\n", mode: 0o755)
    try write(path + "/empty", "")
    // Names whose order in a tree differs from the bytewise one.
    try write(path + "/test/a", "1\n")
    try write(path + "/test.c", "2\n")
    try write(path + "/test-b", "3\n")
    try write(path + "/deep/er/and/deeper/file", "4\n")
    try write(path + "/deep/n\u{e9} \u{1f40c} \"x\"\tz", "5\n")
    try Files.makeSymlink(path + "/link", target: "test/a")
    try Files.makeSymlink(path + "/deep/dangling", target: "../nowhere")
    try realGit(path, "add", "-A")
    try realGit(path, "commit", "-qm", "first\n\nbody")
}

func code(of body: () throws -> Void) -> GitError.Code? {
    do { try body(); return nil } catch { return (error as? GitError)?.code }
}
