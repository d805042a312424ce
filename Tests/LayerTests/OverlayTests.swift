import Layers
import Syscalls
import Testing

let sample: [String: LowerItem] = [
    "a": .file("alpha\n"), "b": .file("beta\n", mode: 0o755), "link": .link("a"),
    "d/one": .file("1\n"), "d/two": .file("2\n"), "d/er/three": .file("3\n"), "e/x": .file("x\n"), "empty": .directory,
]

@Suite struct OverlayTests {
    @Test func inodeReusedByAnotherKind() throws {
        let f = try Fixture(sample)
        // A removed directory whose number the disk gives to the next file.
        for i in 0..<20 {
            let gone = try f.mkdir("dir\(i)")
            try f.rmdir("dir\(i)")
            let file = try f.create("file\(i)", "text")
            if gone != file { continue }
            try f.unlink("file\(i)")
            #expect(try f.text(file) == "text")
            #expect(try f.overlay.attributes(file, f.scratch).nlink == 0)
        }
    }

    @Test func temporariesOfADeadServer() throws {
        let f = try Fixture(sample)
        for i in 1...64 { try Files.create(f.directory + "/work/t\(String(i, radix: 16))", []) }
        try f.restart()
        try f.unlink("a")
        let id = try f.hold("b")
        try f.write(id, "new\n")
        try f.create("a", "again\n")
        #expect(try f.text("a") == "again\n")
    }

    @Test func resentRequests() throws {
        let f = try Fixture(sample)
        try f.create("new")
        try f.unlink("new")
        #expect(throws: Errno.again) { try f.unlink("new", resent: true) }
        try f.unlink("a")
        #expect(throws: Errno.again) { try f.unlink("a", resent: true) }
        try f.mkdir("newdir")
        try f.rmdir("newdir")
        #expect(throws: Errno.again) { try f.rmdir("newdir", resent: true) }
        try f.rename("b", "c")
        #expect(throws: Errno.again) { try f.rename("b", "c", resent: true) }
    }

    @Test func hardLinkOfAnOrphanAfterRestart() throws {
        let f = try Fixture(sample)
        let id = try f.create("one", "text")
        try f.link("one", "two")
        // Only one name has been looked up when it goes.
        f.overlay.forget(id, count: 100, f.scratch)
        try f.unlink("one")
        #expect(try f.overlay.attributes(id, f.scratch).nlink == 1)
        try f.restart()
        #expect(try f.overlay.attributes(id, f.scratch).nlink == 1)
        #expect(try f.text("two") == "text")
        try f.unlink("two")
        #expect(try f.overlay.attributes(id, f.scratch).nlink == 0)
        #expect(try f.text(id) == "text")
    }

    /// The kernel gives back one reference of several (a directory entry it could not use): the node stays known.
    @Test func oneForgetOfManyAfterRestart() throws {
        let f = try Fixture(sample)
        let id = try f.create("new", "text")
        try f.restart()
        _ = try f.hold("new")
        f.overlay.forget(id, count: 1, f.scratch)
        #expect(try f.text(id) == "text")
        #expect(try f.overlay.attributes(id, f.scratch).nlink == 1)
    }

    @Test func writeToAFileOfARemovedDirectoryAfterRestart() throws {
        let f = try Fixture(sample)
        let id = try f.hold("d/er/three")
        try f.unlink("d/er/three")
        try f.rmdir("d/er")
        try f.unlink("d/one")
        try f.unlink("d/two")
        try f.rmdir("d")
        try f.restart()
        try f.write(id, "9")
        #expect(try f.text(id) == "9\n")
        #expect(throws: Errno.notFound) { try f.hold("d") }
        try f.mkdir("d")
        #expect(try f.list("d") == [])
        #expect(try f.text(id) == "9\n")
    }

    @Test func listedOnceWhileCopiedUp() throws {
        var items = sample
        for i in 0..<200 { items["many/f\(i)"] = .file("\(i)") }
        let f = try Fixture(items)
        let id = try f.hold("many")
        var names: [String] = [], from: Int64 = 0
        while true {
            var taken = 0
            try f.overlay.list(id, from: from, f.scratch) { name, _, _, next, _ in
                if taken == 7 { return false }
                names.append(name.text)
                from = next
                taken += 1
                return true
            }
            if taken < 7 { break }
            for n in names.suffix(7) { try f.change("many/" + n) { $0.mode = 0o600 } }
        }
        #expect(try f.list("many").count == 200)
        #expect(names.count == 200)
        #expect(Set(names).count == 200)
        #expect(try f.list("many", step: 3).count == 200)
    }

    @Test func numbersStayOverCopyUpAndRename() throws {
        let f = try Fixture(sample)
        let before = try ["a", "d", "d/one", "d/er/three", "link"].map { try f.hold($0) }
        for p in ["a", "d/one"] { try f.change(p) { $0.mode = 0o600 } }
        try f.change("link") { $0.modificationTime = Timestamp(seconds: 5, nanoseconds: 0) }
        try f.rename("d", "moved")
        try f.rename("link", "moved/link")
        let after = try ["a", "moved", "moved/one", "moved/er/three", "moved/link"].map { try f.hold($0) }
        #expect(before == after)
        #expect(try f.overlay.readLink(before[4], f.scratch) == Array("a".utf8))
        try f.restart()
        #expect(try f.text(before[3]) == "3\n")
        #expect(try f.overlay.readLink(before[4], f.scratch) == Array("a".utf8))
        #expect(try f.hold("moved/er/three") == before[3])
    }

    /// A form in which links cannot carry their number.
    @Test func linksInTheUserForm() throws {
        let f = try Fixture(sample, format: UpperFormat(prefix: .user, whiteout: .device, renamesWithWhiteout: true))
        let id = try f.hold("link")
        try f.rename("link", "moved")
        #expect(try f.overlay.readLink(id, f.scratch) == Array("a".utf8))
        #expect(try f.hold("moved") == id)
        try f.rename("moved", "d/again")
        #expect(try f.hold("d/again") == id)
        #expect(try f.overlay.attributes(id, f.scratch).isSymlink)
    }

    @Test func everyFormRoundTrips() throws {
        for format in [UpperFormat(prefix: .user, whiteout: .attribute, renamesWithWhiteout: false),
                       UpperFormat(prefix: .trusted, whiteout: .attribute, renamesWithWhiteout: false),
                       UpperFormat(prefix: .user, whiteout: .device, renamesWithWhiteout: true)] {
            if format.prefix == .trusted, CurrentProcess.userID != 0 { continue }
            let f = try Fixture(sample, format: format)
            try f.unlink("a")
            try f.rename("d", "moved")
            try f.rename("b", "e/b")
            try f.rename("e/x", "link")
            try f.mkdir("d")
            try f.create("d/new", "n")
            let before = try f.snapshot()
            #expect(before["a"] == nil && before["d/one"] == nil && before["moved/er/three"] != nil && before["b"] == nil)
            try f.restart()
            #expect(try f.snapshot() == before)
        }
    }
}
