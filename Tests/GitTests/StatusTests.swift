import Testing
@testable import Git
import Syscalls

struct StatusTests {
    static func porcelain(_ path: String) throws -> Int {
        try realGit(path, "status", "--porcelain").split(separator: "\n").count
    }

    @Test(arguments: ["plain", "filter", "submodule", "linked"])
    func countsWhatGitCounts(_ kind: String) throws {
        let scratch = try Scratch()
        var path = scratch / "c"
        try sampleRepository(path)
        if kind == "filter" {
            try realGit(path, "config", "filter.upper.smudge", "tr a-z A-Z")
            try realGit(path, "config", "filter.upper.clean", "tr A-Z a-z")
            try write(path + "/.gitattributes", "*.up filter=upper\n")
            try write(path + "/x.up", "LOUD\n")
        }
        if kind == "submodule" {
            try sampleRepository(scratch / "s")
            try realGit(path, "-c", "protocol.file.allow=always", "submodule", "add", "-q", scratch / "s", "mod")
        }
        try write(path + "/.gitignore", "*.o\n")
        try realGit(path, "add", "-A")
        try realGit(path, "commit", "-qm", "more")
        if kind == "linked" {
            try realGit(path, "worktree", "add", "-q", "--detach", scratch / "l")
            path = scratch / "l"
        }
        #expect(try Status.changeCount(path) == 0)
        try write(path + "/readme", "changed\n")
        try write(path + "/test/a", "staged\n")
        try realGit(path, "add", "test/a")
        try write(path + "/test/a", "and changed\n")
        try write(path + "/new/one", "1")
        try write(path + "/new/two", "2")
        try write(path + "/top", "3")
        try write(path + "/junk.o", "4")
        try Files.unlink(path + "/empty")
        try Files.setMode(path + "/run.sh", 0o644)
        try realGit(path, "mv", "test.c", "renamed.c")
        try realGit(path, "rm", "-q", "--cached", "link")
        try Files.makeDirectory(path + "/hollow")
        if kind == "submodule" { try write(path + "/mod/readme", "dirty\n") }
        let theirs = try Self.porcelain(path)
        #expect(theirs >= 8)
        #expect(try Status.changeCount(path) == theirs)
    }

    @Test func conflictsAndEmptyRepositories() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try realGit(scratch.path, "init", "-q", "new")
        #expect(try Status.changeCount(scratch / "new") == 0)
        try write(scratch / "new/file", "x")
        #expect(try Status.changeCount(scratch / "new") == 1)
        try sampleRepository(path)
        try realGit(path, "switch", "-qc", "other")
        try write(path + "/readme", "theirs\n")
        try realGit(path, "commit", "-qam", "theirs")
        try realGit(path, "switch", "-q", "main")
        try write(path + "/readme", "ours\n")
        try realGit(path, "commit", "-qam", "ours")
        _ = try GitProgram.run(["merge", "other"], directory: path, environment: isolated)
        #expect(try Self.porcelain(path) == 1)
        #expect(try Status.changeCount(path) == 1)
    }

    @Test func aheadAndBehind() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        try realGit(scratch.path, "clone", "-q", path, "d")
        try realGit(path, "commit", "--allow-empty", "-qm", "up")
        for i in 0..<2 { try realGit(scratch / "d", "commit", "--allow-empty", "-qm", "down \(i)") }
        try GitProgram.fetch(scratch / "d")
        let r = try Repository(opening: scratch / "d")
        #expect(try r.upstream(of: "main") == "refs/remotes/origin/main")
        #expect(try r.aheadBehind(branch: "main") == AheadBehind(ahead: 2, behind: 1))
        #expect(try r.aheadBehind(branch: "none") == nil)
        try realGit(scratch / "d", "branch", "--no-track", "lonely")
        #expect(try r.aheadBehind(branch: "lonely") == nil)
        let head = try #require(try r.head().commit)
        #expect(try r.aheadBehind(head, head) == AheadBehind(ahead: 0, behind: 0))
    }

    @Test func commitsThatNobodyElseKeeps() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let base = try realGit(path, "rev-parse", "HEAD")
        try realGit(path, "worktree", "add", "-q", "-b", "a/main", scratch / "a")
        let r = try Repository(opening: path)
        func own() throws -> UnreachableCommits {
            let head = try #require(try r.references.read("refs/heads/a/main"))
            return try r.unreachableCommits(from: head, excluding: ["refs/heads/a/main"], worktree: "a")
        }
        #expect(try own().isEmpty)
        for i in 0..<5 { try realGit(scratch / "a", "commit", "--allow-empty", "-qm", "own \(i)") }
        #expect(try own().count == 5 && own().first.count == 3)
        // A tag, a remote branch, a branch and a detached HEAD elsewhere each keep what they reach.
        try realGit(scratch / "a", "tag", "-am", "x", "kept", "HEAD~4")
        #expect(try own().count == 4)
        try realGit(scratch / "a", "update-ref", "refs/remotes/origin/a", "HEAD~3")
        #expect(try own().count == 3)
        try realGit(path, "branch", "b", "a/main~2")
        #expect(try own().count == 2)
        try realGit(path, "worktree", "add", "-q", "--detach", scratch / "d", "a/main~1")
        let left = try own()
        #expect(left.count == 1 && left.first.map(\.summary) == ["own 4"])
        try realGit(path, "checkout", "-q", "--detach", "a/main")
        #expect(try own().isEmpty)
        try realGit(path, "checkout", "-q", "--detach", base)
        #expect(try own().count == 1)
        // refs/stash is no place to keep commits.
        try write(scratch / "a/readme", "stash me\n")
        try realGit(scratch / "a", "stash", "-q")
        #expect(try own().count == 1)
    }

    @Test func submodulesWithCommitsOfTheirOwn() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(scratch / "s")
        try sampleRepository(path)
        try realGit(path, "-c", "protocol.file.allow=always", "submodule", "add", "-q", "--name", "libs/one", scratch / "s", "mod")
        try realGit(path, "commit", "-qam", "with a submodule")
        try realGit(path, "worktree", "add", "-q", "--detach", scratch / "w")
        let admin = path + "/.git/worktrees/w"
        #expect(try Status.submodulesWithOwnCommits(admin).isEmpty)
        try realGit(scratch / "w", "-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init")
        #expect(Files.exists(admin + "/modules/libs/one/HEAD"))
        #expect(try Status.submodulesWithOwnCommits(admin).isEmpty)
        try realGit(scratch / "w/mod", "commit", "--allow-empty", "-qm", "mine")
        let found = try Status.submodulesWithOwnCommits(admin)
        #expect(found.map(\.name) == ["libs/one"] && found.first?.unpushed.count == 1)
        // On a branch that is not checked out, too.
        try realGit(scratch / "w/mod", "branch", "keep")
        try realGit(scratch / "w/mod", "checkout", "-q", "HEAD~1")
        #expect(try Status.submodulesWithOwnCommits(admin).first?.unpushed.first.map(\.summary) == ["mine"])
        // The working tree need not be there.
        try Files.removeTree(scratch / "w")
        #expect(try Status.submodulesWithOwnCommits(admin).count == 1)
    }

    @Test func cloneFetchCheckout() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        try realGit(path, "tag", "v1")
        try realGit(path, "commit", "--allow-empty", "-qm", "second")
        try GitProgram.clone("file://" + path, to: scratch / "d", options: .init(branch: "main", depth: 1))
        #expect(try Repository(opening: scratch / "d").isShallow)
        #expect(code { try GitProgram.clone(path, to: scratch / "d") } == .exists)
        do { try GitProgram.clone("file://" + scratch.path + "/none", to: scratch / "e"); Issue.record("cloned nothing") } catch {
            #expect(error.code == .programFailed && error.cause?.contains("does not appear to be a git repository") == true)
        }
        #expect(!Files.exists(scratch / "e"))
        try GitProgram.clone(path, to: scratch / "f")
        try GitProgram.checkout(scratch / "f", "v1")
        #expect(try Repository(opening: scratch / "f").head().branch == nil)
        do { try GitProgram.checkout(scratch / "f", "v7"); Issue.record("checked out nothing") } catch {
            #expect(error.code == .programFailed && error.cause?.contains("v7") == true)
        }
        #expect(code { try GitProgram.checkout(scratch / "f", "--force") } == .invalidName)
        #expect(code { try GitProgram.fetch(scratch / "f", remote: "nowhere") } == .programFailed)
    }
}
