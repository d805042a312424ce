import Testing
@testable import Git
import Syscalls

struct ReferenceTests {
    @Test func createReadDelete() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let r = try Repository(opening: path), refs = r.references
        let head = try #require(try r.head().commit)
        try realGit(path, "commit", "--allow-empty", "-qm", "second")
        let second = try #require(try r.head().commit)
        try refs.create("refs/heads/agent/main", at: head, message: "branch: Created from HEAD")
        #expect(try realGit(path, "rev-parse", "agent/main") == head.hex)
        #expect(try realGit(path, "reflog", "show", "--format=%gs", "agent/main") == "branch: Created from HEAD")
        #expect(try refs.exists("refs/heads/agent/main") && !refs.exists("refs/heads/agent"))
        #expect(code { try refs.create("refs/heads/agent/main", at: head, message: "") } == .exists)
        #expect(code { try refs.create("refs/heads/a..b", at: head, message: "") } == .invalidName)
        #expect(code { try refs.delete("refs/heads/agent/main", onlyIfAt: second) } == .changed)
        #expect(try refs.delete("refs/heads/agent/main", onlyIfAt: head))
        #expect(try !refs.delete("refs/heads/agent/main"))
        // The name is free for a reference that was a directory.
        try refs.create("refs/heads/agent", at: head, message: "x")
        try refs.create("refs/rwv/agent/base", at: head, message: "x")
        #expect(try refs.list("refs/rwv/").map(\.name) == ["refs/rwv/agent/base"])
        let listed = try realGit(path, "for-each-ref", "--format=%(refname) %(objectname)").split(separator: "\n").map(String.init)
        #expect(try refs.list().map { "\($0.name) \($0.target.hex)" } == listed)
    }

    @Test(arguments: [false, true])
    func directoriesInTheWay(packed: Bool) throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let r = try Repository(opening: path), refs = r.references
        let head = try #require(try r.head().commit)
        try realGit(path, "branch", "agent-9")
        try realGit(path, "branch", "deep/er/x")
        if packed { try realGit(path, "pack-refs", "--all") }
        for name in ["refs/heads/agent-9/main", "refs/heads/deep/er", "refs/heads/deep", "refs/heads/agent-9/a/b/c"] {
            do {
                try refs.create(name, at: head, message: "x")
                Issue.record("created \(name)")
            } catch {
                #expect(error.code == .referenceConflict, "\(error)")
                #expect(error.message.contains("refs/heads/agent-9 ") || error.message.contains("refs/heads/deep/er/x "))
            }
        }
        #expect(code { try refs.create("refs/heads/agent-9", at: head, message: "x") } == .exists)
        #expect(try refs.delete("refs/heads/agent-9", onlyIfAt: head))
        try refs.create("refs/heads/agent-9/main", at: head, message: "x")
        #expect(try realGit(path, "for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/agent-9/main\nrefs/heads/deep/er/x\nrefs/heads/main")
    }

    @Test func manyCreatorsAtOnce() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let head = try #require(try Repository(opening: path).head().commit)
        // A stale config.lock must not matter.
        try Files.create(path + "/.git/config.lock", [])
        let errors = Thread.map(Array(0..<64), width: 16) { i -> String? in
            do throws(GitError) {
                let refs = try Repository(opening: path).references
                try refs.create("refs/heads/agent-\(i)/main", at: head, message: "x")
                try refs.create("refs/rwv/agent-\(i)/base", at: head, message: "x")
                if i % 2 == 0 { try refs.delete("refs/heads/agent-\(i)/main", onlyIfAt: head) }
                return nil
            } catch { return "\(error)" }
        }
        #expect(errors.compactMap { $0 } == [])
        #expect(try realGit(path, "for-each-ref", "refs/heads/agent*/**", "refs/rwv").split(separator: "\n").count == 32 + 64)
    }

    @Test func oneOfManyGetsAName() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let head = try #require(try Repository(opening: path).head().commit)
        for round in 0..<20 {
            let codes = Thread.map(Array(0..<8), width: 8) { _ -> GitError.Code? in
                code { try Repository(opening: path).references.create("refs/heads/same-\(round)/main", at: head, message: "x") }
            }
            #expect(codes.filter { $0 == nil }.count == 8 - codes.filter { $0 == .exists }.count, "\(codes)")
            #expect(codes.filter { $0 == .exists }.count == 7, "\(codes)")
        }
    }

    @Test func tags() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        try realGit(path, "tag", "v2")
        try realGit(path, "tag", "-am", "x", "v10")
        try realGit(path, "tag", "-am", "nested", "outer", "v10")
        try realGit(path, "tag", "-am", "a tree", "atree", "HEAD^{tree}")
        try realGit(path, "tag", "rel/v1")
        let r = try Repository(opening: path)
        let head = try #require(try r.head().commit)
        func check() throws {
            let theirs = try realGit(path, "tag", "--points-at", "HEAD").split(separator: "\n").map(String.init)
            #expect(theirs.count == 3)
            #expect(try r.tagsPointing(at: head) == theirs)
        }
        try check()
        try realGit(path, "pack-refs", "--all")
        try check()
        try realGit(path, "commit", "--allow-empty", "-qm", "second")
        #expect(try r.tagsPointing(at: try #require(try r.head().commit)) == [])
    }
}
