import Layers
import Syscalls
import Testing

/// Directories of a weave shown as they are, without a mount.
@Suite struct PassthroughTests {
    private final class Fixture {
        let directory: String
        let scratch = Scratch()
        var files: Passthrough
        let root: UInt16

        init() throws {
            directory = "/tmp/rwv-passthrough-" + randomHex(8)
            try Files.makeDirectories(directory + "/clone/src")
            try Files.create(directory + "/clone/a", Array("alpha".utf8))
            try Files.create(directory + "/clone/src/b", Array("beta".utf8))
            files = try Passthrough(weave: directory, journal: NodeJournal(path: directory + "/nodes", isInherited: false), capacity: 64, handles: 64)
            root = try files.root("clone")
        }

        deinit { try? Files.removeTree(directory) }

        /// Another server on the same connection.
        func restart() throws { files = try Passthrough(weave: directory, journal: NodeJournal(path: directory + "/nodes", isInherited: true), capacity: 64, handles: 64) }

        var top: UInt64 { get throws { try files.top(root, counting: true, scratch).id } }

        func find(_ path: String) throws -> UInt64? {
            var at = try top
            for part in path.split(separator: "/") {
                let name = Array(part.utf8)
                guard let next = try files.lookup(at, name.span, scratch) else { return nil }
                at = next.id
            }
            return at
        }

        func text(_ id: UInt64) throws -> String {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)
            defer { unsafe buffer.deallocate() }
            let count = try files.read(id, at: 0, into: buffer, scratch)
            return unsafe String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    @Test func neverAnotherFile() throws {
        let f = try Fixture()
        let id = try #require(try f.find("a"))
        try Files.unlink(f.directory + "/clone/a")
        try Files.create(f.directory + "/clone/a", Array("another".utf8))
        // Whoever has it open goes on with it. What is written would be gone with it, so that is refused until the kernel can know.
        #expect(try f.files.attributes(id, f.scratch).nlink == 0)
        #expect(try f.text(id) == "alpha")
        #expect(throws: Errno.stale) { try f.files.write(id, at: 0, Array("lost".utf8).span.bytes, clearsSetID: false, f.scratch) }
        let new = try #require(try f.find("a"))
        #expect(try f.text(new) == "another")
        try f.restart()
        #expect(throws: Errno.stale) { try f.files.attributes(id, f.scratch) }
        #expect(throws: Errno.stale) { try f.text(id) }
        #expect(try f.text(new) == "another")
    }

    @Test func linksLeadNowhere() throws {
        let f = try Fixture()
        let id = try #require(try f.find("src"))
        #expect(try f.find("src/b") != nil)
        try Files.rename(f.directory + "/clone/src", f.directory + "/clone/moved")
        try Files.makeSymlink(f.directory + "/clone/src", target: "/etc")
        // Its place leads elsewhere now; what is open still is the directory itself.
        let name = Array("b".utf8)
        #expect(try f.files.lookup(id, name.span, f.scratch)?.status.size == 4)
        try f.restart()
        #expect(throws: Errno.stale) { try f.files.lookup(id, name.span, f.scratch) }
        #expect(try f.files.readLink(try #require(try f.find("src")), f.scratch) == Array("/etc".utf8))
    }

    @Test func successorKnowsThePlaces() throws {
        let f = try Fixture()
        let file = try #require(try f.find("src/b")), directory = try #require(try f.find("src"))
        try f.restart()
        #expect(try f.text(file) == "beta")
        #expect(try f.files.attributes(directory, f.scratch).isDirectory)
        #expect(try f.find("src/b") == file)
        let old = Array("src".utf8), new = Array("lib".utf8)
        try f.files.rename(try f.top, old.span, to: try f.top, new.span, flags: 0, wasSent: false, f.scratch)
        try f.restart()
        #expect(try f.text(file) == "beta")
        #expect(throws: Errno.stale) { try f.files.attributes(12345, f.scratch) }
    }

    @Test func unlinkedFilesLiveOn() throws {
        let f = try Fixture()
        let id = try #require(try f.find("a"))
        let name = Array("a".utf8)
        try f.files.unlink(try f.top, name.span, wasSent: false, f.scratch)
        #expect(try f.text(id) == "alpha")
        #expect(try f.files.attributes(id, f.scratch).nlink == 0)
        f.files.forget(id, count: 100)
        #expect(throws: Errno.stale) { try f.files.attributes(id, f.scratch) }
        // What a killed server has done is done.
        try f.files.unlink(try f.top, name.span, wasSent: true, f.scratch)
        #expect(throws: Errno.notFound) { try f.files.unlink(try f.top, name.span, wasSent: false, f.scratch) }
    }

    @Test func hardLinksAreOneNode() throws {
        let f = try Fixture()
        let id = try #require(try f.find("a")), other = Array("z".utf8)
        #expect(try f.files.link(id, try f.top, other.span, wasSent: false, f.scratch).id == id)
        #expect(try f.find("z") == id)
        let first = Array("a".utf8)
        try f.files.unlink(try f.top, first.span, wasSent: false, f.scratch)
        #expect(try f.text(id) == "alpha")
        #expect(try f.find("z") == id)
    }

    /// Trees with the same contents have the same version, and only what differs is told.
    @Test func trees() {
        func tree(_ items: [(path: String, item: ProjectTree.Item)]) -> ProjectTree { ProjectTree(project: "p", upper: 1, readOnly: [], items: items) }
        let one = tree([("github/o/a", .attachment(root: 2)), ("github/o/b", .attachment(root: 3)), ("x", .link(target: [97]))])
        let same = tree([("x", .link(target: [97])), ("github/o/b", .attachment(root: 3)), ("github/o/a", .attachment(root: 2))])
        #expect(one.version == same.version)
        #expect(one.changes(since: same).isEmpty)
        let other = tree([("github/o/a", .attachment(root: 2)), ("github/o/c", .attachment(root: 4)), ("x", .link(target: [98]))])
        let changes = other.changes(since: one).map { $0.names.map { String(decoding: $0, as: UTF8.self) }.sorted() }.sorted { $0.count < $1.count }
        #expect(changes == [["x"], ["b", "c"]])
    }
}
