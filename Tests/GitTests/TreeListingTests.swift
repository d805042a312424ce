import Testing
@testable import Git
import Syscalls

struct TreeListingTests {
    @Test func listsWhatGitLists() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let repository = try Repository(opening: path)
        let commit = try repository.commit(try #require(try repository.head().commit))
        let listing = try TreeListing(repository, tree: commit.tree)
        let expected = try realGit(path, "ls-tree", "-r", "-z", "--full-tree", "HEAD").split(separator: "\0").map(String.init)
        let modes = [FileMode.regular: "100644 blob", FileMode.executable: "100755 blob", FileMode.symlink: "120000 blob"]
        let ours = listing.fileOrder.map { i in
            let e = listing.entries[Int(i)]
            return "\(modes[e.mode] ?? "?") \(e.oid.hex)\t\(listing.text(Int(i)))"
        }
        #expect(ours == expected)
        #expect(listing.root.childCount == 8)
        for i in listing.entries.indices {
            let children = listing.entries[i].children
            #expect(children.allSatisfy { listing.entries[$0].parent == UInt32(i) })
            for c in children.dropFirst() { #expect(listing.name(c - 1).lexicographicallyPrecedes(listing.name(c))) }
            #expect(listing.find(listing.path(i)) == i)
        }
        #expect(listing.find(Array("test/b".utf8)) == nil)
        let sizes = try listing.sizes(repository)
        #expect(sizes[try #require(listing.find(Array("link".utf8)))] == 6)
        #expect(sizes[try #require(listing.find(Array("empty".utf8)))] == 0)
        #expect(sizes[try #require(listing.find(Array("run.sh".utf8)))] == 10)
    }

    @Test func emptyTree() throws {
        let scratch = try Scratch()
        try realGit(scratch.path, "init", "-q", "c")
        let listing = try TreeListing(Repository(opening: scratch / "c"), tree: .emptyTree)
        #expect(listing.entries.count == 1 && listing.fileOrder.isEmpty)
        #expect(ObjectID.emptyTree.hex == "4b825dc642cb6eb9a060e54bf8d69288fbee4904")
    }

    @Test(arguments: [".git", ".GIT", ".Git ", "git~1", "GIT~1.", ".git:x", "a\\.git", "..", "."])
    func refusesDangerousNames(_ name: String) throws {
        let scratch = try Scratch(), path = scratch / "c"
        try realGit(scratch.path, "init", "-q", "c")
        let blob = try realGit(path, "hash-object", "-w", "--stdin", input: "x")
        let oid = try #require(ObjectID(hex: blob))
        // mktree refuses nothing here but would quote; write the raw object.
        let raw = Array("100644 \(name)\0".utf8) + oid.bytes
        try Files.create(scratch / "raw", raw)
        let tree = try realGit(path, "hash-object", "-w", "-t", "tree", "--literally", scratch / "raw")
        let parent = try realGit(path, "mktree", input: "040000 tree \(tree)\tsub\n")
        let repository = try Repository(opening: path)
        let id = try #require(ObjectID(hex: parent))
        #expect(code { _ = try TreeListing(repository, tree: id) } == .unsafeTree)
        // git agrees: it does not take this into an index.
        let outcome = try GitProgram.run(["read-tree", parent], directory: path, environment: isolated)
        #expect(!outcome.succeeded)
    }

    @Test(arguments: [".gitignore", "git~2", ".gitx", "git", ".github", "...", "a\\b"])
    func allowsInnocentNames(_ name: String) throws {
        let scratch = try Scratch(), path = scratch / "c"
        try realGit(scratch.path, "init", "-q", "c")
        let blob = try realGit(path, "hash-object", "-w", "--stdin", input: "x")
        let raw = Array("100644 \(name)\0".utf8) + (try #require(ObjectID(hex: blob))).bytes
        try Files.create(scratch / "raw", raw)
        let tree = try realGit(path, "hash-object", "-w", "-t", "tree", "--literally", scratch / "raw")
        let listing = try TreeListing(Repository(opening: path), tree: try #require(ObjectID(hex: tree)))
        #expect(listing.text(1) == name)
        try realGit(path, "read-tree", tree)
    }

    @Test func damagedAndMissingObjects() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let repository = try Repository(opening: path)
        let head = try #require(try repository.head().commit)
        #expect(code { _ = try TreeListing(repository, tree: head) } == .damaged)
        let nowhere = try #require(ObjectID(hex: String(repeating: "ab", count: 20)))
        #expect(code { _ = try TreeListing(repository, tree: nowhere) } == .objectMissing)
        try Files.create(scratch / "raw", Array("100644 cut off\0abc".utf8))
        let cut = try realGit(path, "hash-object", "-w", "-t", "tree", "--literally", scratch / "raw")
        let id = try #require(ObjectID(hex: cut))
        #expect(code { _ = try TreeListing(repository, tree: id) } == .damaged)
    }

    @Test func submodulesAndOldModes() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let head = try realGit(path, "rev-parse", "HEAD")
        let blob = try #require(ObjectID(hex: try realGit(path, "rev-parse", "HEAD:readme")))
        let raw = Array("100664 old\0".utf8) + blob.bytes + Array("160000 sub\0".utf8) + (try #require(ObjectID(hex: head))).bytes
        try Files.create(scratch / "raw", raw)
        let tree = try #require(ObjectID(hex: try realGit(path, "hash-object", "-w", "-t", "tree", "--literally", scratch / "raw")))
        let repository = try Repository(opening: path)
        let listing = try TreeListing(repository, tree: tree)
        #expect(listing.entries.map(\.mode) == [FileMode.directory, FileMode.regular, FileMode.gitlink])
        #expect(try listing.sizes(repository) == [0, 6, 0])
    }
}
