import Testing
@testable import Git
import Syscalls

struct LinkedWorktreeTests {
    /// Every file below a directory with its permissions and content; names starting with "index" left out.
    static func contents(_ directory: String, _ prefix: String = "") throws -> [String: String] {
        var all: [String: String] = [:]
        let open = OwnedDescriptor(try Files.open(directory, OpenFlags.directory))
        for entry in try open.descriptor.directoryEntries() where entry.text != "index" {
            let path = directory + "/" + entry.text
            let status = try #require(try Files.status(path))
            let mode = String(status.permissions, radix: 8)
            if status.isDirectory {
                all[prefix + entry.text + "/"] = mode
                all.merge(try contents(path, prefix + entry.text + "/")) { $1 }
            } else {
                all[prefix + entry.text] = mode + " " + (try read(path))
            }
        }
        return all
    }

    static let ann = Identity(name: "Ann", email: "ann@example.org", time: 1_700_000_000)

    @Test(arguments: ["plain", "sparse", "worktreeConfig"])
    func writesWhatGitWrites(_ kind: String) throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        if kind == "sparse" { try realGit(path, "sparse-checkout", "set", "deep") }
        if kind == "worktreeConfig" {
            try realGit(path, "config", "extensions.worktreeConfig", "true")
            try realGit(path, "config", "--worktree", "core.worktree", path)
            try realGit(path, "config", "--worktree", "core.bare", "false")
            try realGit(path, "config", "--worktree", "my.key", "value")
            try realGit(path, "config", "core.repositoryformatversion", "1")
        }
        try realGit(path, "worktree", "add", "-q", "--lock", "--reason", "served by rwv", "-b", "agent/main", scratch / "theirs")
        let expected = try Self.contents(path + "/.git/worktrees/theirs")
        try realGit(path, "worktree", "unlock", scratch / "theirs")
        try realGit(path, "worktree", "remove", "--force", scratch / "theirs")
        try realGit(path, "branch", "-D", "agent/main")

        let r = try Repository(opening: path)
        let head = try #require(try r.head().commit)
        try r.references.create("refs/heads/agent/main", at: head, message: "branch: Created from HEAD")
        let made = try LinkedWorktree.create(.init(name: "theirs", path: scratch / "theirs", branch: "refs/heads/agent/main", commit: head,
                                                   lockReason: "served by rwv", index: nil, identity: Self.ann), in: r)
        let ours = try Self.contents(path + "/.git/worktrees/theirs")
        for (name, text) in expected { #expect(ours[name] == text, "\(name)") }
        #expect(Set(ours.keys) == Set(expected.keys))
        #expect(made == (try LinkedWorktree.find(r.commonDirectory, "theirs")))
        #expect(try LinkedWorktree.list(r.commonDirectory) == [made])
        try Files.makeDirectory(scratch / "theirs")
        try write(scratch / "theirs/.git", made.gitFileText)
        #expect(try realGit(path, "worktree", "list", "--porcelain").contains("worktree \(scratch / "theirs")\nHEAD \(head.hex)\nbranch refs/heads/agent/main\nlocked served by rwv"))
        try realGit(scratch / "theirs", "reset", "-q", "--hard")
        #expect(try realGit(scratch / "theirs", "status", "--porcelain") == "")
        #expect(try Repository(opening: scratch / "theirs").head() == Head(commit: head, branch: "agent/main"))
        #expect(Files.exists(scratch / "theirs/test/a") == (kind != "sparse"))
    }

    @Test func indexIsLinkedAndStatusIsClean() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let r = try Repository(opening: path)
        let head = try #require(try r.head().commit)
        try r.references.create("refs/heads/x/main", at: head, message: "x")
        try Files.copy(path + "/.git/index", scratch / "base-index")
        _ = try LinkedWorktree.create(.init(name: "x", path: scratch / "x", branch: "refs/heads/x/main", commit: head,
                                            lockReason: "", index: scratch / "base-index", identity: nil), in: r)
        let linked = try #require(try Files.status(path + "/.git/worktrees/x/index"))
        #expect(linked.inode == (try #require(try Files.status(scratch / "base-index"))).inode)
        #expect(!Files.exists(path + "/.git/worktrees/x/logs"))
        #expect(try read(path + "/.git/worktrees/x/locked") == "")
        let lines = try realGit(path, "--git-dir", path + "/.git/worktrees/x", "diff", "--cached", "--name-only")
        #expect(lines == "")
        #expect(try realGit(path, "worktree", "prune", "-v") == "")
    }

    @Test func refusesAndLeavesNothing() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let r = try Repository(opening: path)
        let head = try #require(try r.head().commit)
        var plan = LinkedWorktree.Plan(name: "x", path: scratch / "x", branch: "refs/heads/main", commit: head, lockReason: nil,
                                       index: nil, identity: nil)
        _ = try LinkedWorktree.create(plan, in: r)
        let before = try Self.contents(path + "/.git")
        #expect(code { _ = try LinkedWorktree.create(plan, in: r) } == .exists)
        for name in ["", ".x", "a/b", "a b", "x.lock", "a\n"] {
            plan.name = name
            #expect(code { _ = try LinkedWorktree.create(plan, in: r) } == .invalidName)
        }
        plan.name = "y"
        plan.index = scratch / "none"
        #expect(code { _ = try LinkedWorktree.create(plan, in: r) } == .notFound)
        plan.index = nil
        plan.path = "relative"
        #expect(code { _ = try LinkedWorktree.create(plan, in: r) } == .invalidName)
        #expect(try Self.contents(path + "/.git") == before)
        #expect(try LinkedWorktree.remove(r.commonDirectory, "x"))
        #expect(try !LinkedWorktree.remove(r.commonDirectory, "x"))
        #expect(try LinkedWorktree.list(r.commonDirectory) == [] && !Files.exists(path + "/.git/worktrees"))
    }

    @Test func manyAtOnce() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let head = try #require(try Repository(opening: path).head().commit)
        let errors = Thread.map(Array(0..<64), width: 16) { i -> String? in
            do throws(GitError) {
                let r = try Repository(opening: path)
                _ = try LinkedWorktree.create(.init(name: "w\(i)", path: "/nowhere/w\(i)", branch: "refs/heads/main", commit: head,
                                                    lockReason: "test", index: nil, identity: LinkedWorktreeTests.ann), in: r)
                if i % 2 == 0 { try LinkedWorktree.remove(r.commonDirectory, "w\(i)") }
                return nil
            } catch { return "\(error)" }
        }
        #expect(errors.compactMap { $0 } == [])
        #expect(try LinkedWorktree.list(path + "/.git").map(\.name).count == 32)
        #expect(try realGit(path, "worktree", "list").split(separator: "\n").count == 33)
    }

    @Test func sweepsOldLeftovers() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        try write(path + "/.git/rwv-worktree.0123/HEAD", "x")
        try LinkedWorktree.removeLeftovers(path + "/.git")
        #expect(Files.exists(path + "/.git/rwv-worktree.0123/HEAD"))
        try LinkedWorktree.removeLeftovers(path + "/.git", olderThan: -5)
        #expect(!Files.exists(path + "/.git/rwv-worktree.0123"))
    }
}
