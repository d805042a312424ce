import Testing
@testable import Git
import Syscalls

struct RepositoryTests {
    @Test func objectIDs() throws {
        let hex = "0123456789abcdef00112233445566778899aabb"
        let id = try #require(ObjectID(hex: hex))
        #expect(id.hex == hex && id.description == hex)
        #expect(ObjectID(bytes: id.bytes) == id)
        #expect(ObjectID(hex: hex.uppercased()) == id)
        #expect(ObjectID(hex: hex.dropLast()) == nil)
        #expect(ObjectID(hex: "g" + hex.dropFirst()) == nil)
        #expect(ObjectID(bytes: [1, 2, 3]) == nil)
        #expect(blobID(of: Array("hello\n".utf8)).hex == "ce013625030ba8dba906f756967f9e9ca394464a")
    }

    @Test func opensExactlyThePath() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let r = try Repository(opening: path)
        #expect(r.gitDirectory == path + "/.git" && r.commonDirectory == r.gitDirectory)
        #expect(r.workingDirectory == path)
        #expect(!r.isBare && !r.isShallow && !r.isPartialClone && !r.isLinkedWorktree && r.state == nil)
        #expect(code { _ = try Repository(opening: path + "/deep") } == .notARepository)
        #expect(code { _ = try Repository(opening: scratch / "none") } == .notFound)
        #expect(code { _ = try Repository(opening: scratch.path) } == .notARepository)
    }

    @Test func bareShallowAndPartial() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        try realGit(path, "commit", "--allow-empty", "-qm", "second")
        try realGit(path, "config", "uploadpack.allowFilter", "true")
        try realGit(scratch.path, "clone", "-q", "--bare", path, "bare")
        try realGit(scratch.path, "clone", "-q", "--depth=1", "file://" + path, "shallow")
        try realGit(scratch.path, "clone", "-q", "--no-checkout", "--filter=blob:none", "file://" + path, "partial")
        let bare = try Repository(opening: scratch / "bare")
        #expect(bare.isBare && bare.workingDirectory == nil)
        #expect(try Repository(opening: scratch / "shallow").isShallow)
        let partial = try Repository(opening: scratch / "partial")
        #expect(partial.isPartialClone && partial.promisorRemote == "origin")
    }

    @Test func refusesWhatItCannotRead() throws {
        let scratch = try Scratch()
        try realGit(scratch.path, "init", "-q", "--object-format=sha256", "long")
        try realGit(scratch.path, "init", "-q", "--bare", "--object-format=sha256", "longbare")
        for name in ["long", "longbare"] {
            do {
                _ = try Repository(opening: scratch / name)
                Issue.record("opened a SHA-256 repository")
            } catch {
                #expect(error.code == .sha256 && error.hint != nil)
            }
        }
        try realGit(scratch.path, "init", "-q", "odd")
        try realGit(scratch / "odd", "config", "core.repositoryformatversion", "1")
        for known in ["worktreeConfig", "relativeWorktrees", "preciousObjects", "noop"] {
            try realGit(scratch / "odd", "config", "--file", ".git/config", "extensions.\(known)", "true")
        }
        _ = try Repository(opening: scratch / "odd")
        try write(scratch / "odd/.git/config", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = reftable\n")
        #expect(code { _ = try Repository(opening: scratch / "odd") } == .unsupportedExtension)
        try write(scratch / "odd/.git/config", "[core]\n\trepositoryformatversion = 7\n")
        #expect(code { _ = try Repository(opening: scratch / "odd") } == .unsupportedExtension)
        try write(scratch / "odd/.git/config", "[core\n")
        #expect(code { _ = try Repository(opening: scratch / "odd") } == .damaged)
    }

    @Test(.enabled(if: CurrentProcess.userID == 0, "only root can give a directory away"))
    func refusesAnotherUsersRepository() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        for directory in [path, path + "/.git"] {
            let d = OwnedDescriptor(try Files.open(directory, OpenFlags.directory))
            try d.descriptor.setOwner(PathBuffer(), uid: 12345, gid: 12345)
        }
        #expect(code { _ = try Repository(opening: path) } == .ownership)
    }

    @Test func heads() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try realGit(scratch.path, "init", "-q", "-b", "trunk", "new")
        #expect(try Repository(opening: scratch / "new").head() == Head(commit: nil, branch: "trunk"))
        try sampleRepository(path)
        let r = try Repository(opening: path)
        let id = try #require(ObjectID(hex: try realGit(path, "rev-parse", "HEAD")))
        #expect(try r.head() == Head(commit: id, branch: "main"))
        try realGit(path, "switch", "-qc", "feature/x")
        #expect(try r.head() == Head(commit: id, branch: "feature/x"))
        try realGit(path, "pack-refs", "--all")
        #expect(try r.head() == Head(commit: id, branch: "feature/x"))
        try realGit(path, "switch", "-q", "--detach")
        #expect(try r.head() == Head(commit: id, branch: nil))
        let commit = try r.commit(id)
        #expect(commit.summary == "first" && commit.time == 1_700_000_000 && commit.parents.isEmpty)
        #expect(commit.tree.hex == (try realGit(path, "rev-parse", "HEAD^{tree}")))
    }

    @Test func revisions() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let first = try realGit(path, "rev-parse", "HEAD")
        try realGit(path, "tag", "-am", "x", "v1")
        try realGit(path, "commit", "--allow-empty", "-qm", "second")
        let r = try Repository(opening: path)
        for name in ["v1", "HEAD~1", String(first.prefix(10)), first, "refs/tags/v1"] { #expect(try r.resolveCommit(name).hex == first) }
        for name in ["", "-x", "nothing", "HEAD~7", "HEAD:readme", "HEAD^{tree}"] {
            #expect(code { _ = try r.resolveCommit(name) } == .referenceMissing, "\(name)")
        }
    }

    @Test func states() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        try realGit(path, "switch", "-qc", "other")
        try write(path + "/readme", "theirs\n")
        try realGit(path, "commit", "-qam", "theirs")
        try realGit(path, "switch", "-q", "main")
        try write(path + "/readme", "ours\n")
        try realGit(path, "commit", "-qam", "ours")
        let r = try Repository(opening: path)
        for (command, state, abort) in [("merge", "merging", "merge"), ("rebase", "rebasing", "rebase"), ("cherry-pick", "cherry-picking", "cherry-pick")] {
            let outcome = try GitProgram.run([command, "other"], directory: path, environment: isolated)
            #expect(!outcome.succeeded)
            #expect(r.state == state)
            try realGit(path, abort, "--abort")
            #expect(r.state == nil)
        }
    }

    @Test func blobs() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let objects = try Repository(opening: path).objects
        let id = try #require(ObjectID(hex: try realGit(path, "rev-parse", "HEAD:readme")))
        let nowhere = try #require(ObjectID(hex: String(repeating: "cd", count: 20)))
        #expect(try objects.readBlob(id) == Array("hello\n".utf8))
        #expect(try objects.objectSize(id) == 6)
        #expect(objects.has(id) && !objects.has(nowhere))
        #expect(code { _ = try objects.readBlob(nowhere) } == .objectMissing)
        #expect(code { _ = try objects.objectSize(nowhere) } == .objectMissing)
        let head = try #require(ObjectID(hex: try realGit(path, "rev-parse", "HEAD")))
        #expect(code { _ = try objects.readBlob(head) } == .damaged)
        try GitProgram.catFile(id, gitDirectory: path + "/.git", to: scratch / "out")
        #expect(try read(scratch / "out") == "hello\n")
        #expect(code { try GitProgram.catFile(id, gitDirectory: path + "/.git", to: scratch / "out") } == .exists)
        #expect(code { try GitProgram.catFile(nowhere, gitDirectory: path + "/.git", to: scratch / "out2") } == .objectMissing)
        #expect(!Files.exists(scratch / "out2"))
    }

    @Test func promisedBlobsAreFetchedAtOnce() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        try realGit(path, "config", "uploadpack.allowFilter", "true")
        try realGit(path, "config", "uploadpack.allowAnySHA1InWant", "true")
        try realGit(scratch.path, "clone", "-q", "--no-checkout", "--filter=blob:none", "file://" + path, "partial")
        let r = try Repository(opening: scratch / "partial")
        let listing = try TreeListing(r, tree: r.commit(try #require(try r.head().commit)).tree)
        let full = try Repository(opening: path)
        #expect(try !r.objects.has(listing.entries[try #require(listing.find(Array("readme".utf8)))].oid))
        #expect(try listing.sizes(r) == listing.sizes(full))
        #expect(try r.objects.readBlob(listing.entries[try #require(listing.find(Array("readme".utf8)))].oid) == Array("hello\n".utf8))
        #expect(!Files.exists(scratch / "partial/.git/FETCH_HEAD"))
        // Without its remote: git's own words.
        try realGit(scratch.path, "clone", "-q", "--no-checkout", "--filter=blob:none", "file://" + path, "orphan")
        try realGit(scratch / "orphan", "remote", "set-url", "origin", "file:///nowhere/at/all")
        do {
            _ = try listing.sizes(Repository(opening: scratch / "orphan"))
            Issue.record("sizes of blobs that nobody has")
        } catch {
            #expect(error.code == .programFailed && error.cause?.contains("/nowhere/at/all") == true && error.hint != nil)
        }
        // A plain clone that lacks a blob is damaged, not partial.
        let blob = listing.entries[try #require(listing.find(Array("readme".utf8)))].oid.hex
        try Files.unlink(path + "/.git/objects/" + blob.prefix(2) + "/" + blob.dropFirst(2))
        #expect(code { _ = try listing.sizes(Repository(opening: path)) } == .objectMissing)
    }

    @Test func programOutcomes() throws {
        let scratch = try Scratch()
        #expect(code { _ = try GitProgram.run(["status"], directory: scratch / "none") } == .notFound)
        let outcome = try GitProgram.run(["no-such-command"], directory: scratch.path)
        do { try outcome.check("doing"); Issue.record("no error") } catch {
            #expect(error.code == .programFailed && error.cause?.contains("no-such-command") == true)
        }
        let names = GitProgram.environment(changes: ["GIT_DIR": "/x", "PATH": nil]).map { $0.prefix { $0 != "=" } }
        #expect(names.contains("GIT_DIR") && !names.contains("PATH") && names.contains("LC_ALL"))
        #expect(code { _ = try GitProgram.run(["-c", "alias.wait=!sleep 30", "wait"], directory: scratch.path, timeout: 1) } == .timedOut)
        let big = [UInt8](repeating: 65, count: 3_000_000)
        try realGit(scratch.path, "init", "-q", "c")
        let echo = try GitProgram.run(["-c", "alias.echo=!cat", "echo"], directory: scratch / "c", input: big)
        #expect(echo.output == big)
    }
}
