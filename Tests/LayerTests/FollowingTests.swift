import Layers
import Syscalls
import Testing

/// What a kernel that believes what it was told, for as long as it may, would hold of a clone that others change.
private struct Believer {
    struct Name: Hashable {
        let directory: UInt64
        let name: [UInt8]
    }

    let directory = "/tmp/rwv-following-" + randomHex(8)
    let watcher: DirectoryWatcher
    let files: Passthrough
    let scratch = Scratch()
    let top: UInt64
    var names: [Name: UInt64] = [:]
    var absent: Set<Name> = []
    var seen: [UInt64: FileStatus] = [:]
    var generations: [UInt64: UInt64] = [:]

    var clone: String { directory + "/clone" }

    init(limit: Int = 1000) throws {
        try Files.makeDirectories(directory + "/clone")
        try Files.makeDirectories(directory + "/elsewhere")
        watcher = try DirectoryWatcher(limit: limit)
        files = try Passthrough(weave: directory, journal: nil, watcher: watcher, capacity: 64, handles: 64)
        top = try files.top(try files.root("clone"), counting: true, scratch).id
    }

    /// Looks a path up, part by part, and keeps what may be kept.
    @discardableResult mutating func find(_ path: String) -> UInt64? {
        var at = top
        for part in path.split(separator: "/") {
            let name = Array(part.utf8)
            guard let found = (try? files.lookup(at, name.span, scratch)) ?? nil else {
                if files.noteAbsent(at, name.span) { absent.insert(Name(directory: at, name: name)) }
                return nil
            }
            // The disk gave the number to another directory: nobody reaches what stood in the former.
            if generations.updateValue(found.generation, forKey: found.id) != found.generation {
                names = names.filter { $0.key.directory != found.id }
                absent = absent.filter { $0.directory != found.id }
            }
            names[Name(directory: at, name: name)] = found.namesAreFollowed ? found.id : nil
            seen[found.id] = found.isFollowed ? found.status : nil
            at = found.id
        }
        return at
    }

    /// Hears of what has happened.
    mutating func listen(looksAgain: Bool = true) {
        while true {
            let (happenings, _) = watcher.read()
            if happenings.isEmpty { break }
            for h in happenings { drop(files.changes(h.directory, h.event, scratch)) }
        }
        if looksAgain { drop(files.lookAgain(scratch)) }
    }

    /// Looks a path up and listens until what was found may be kept: a file that was changed just now is told of once more.
    mutating func settle(_ path: String) throws {
        let found = find(path), id = try #require(found)
        for _ in 0..<1_000_000 {
            listen()
            if seen[id] != nil { return }
            find(path)
        }
        Issue.record("\(path) is told of for ever")
    }

    mutating func drop(_ changes: [PassthroughChange]) {
        for change in changes {
            switch change {
            case .name(let name, let directory), .gone(let name, let directory):
                names[Name(directory: directory, name: name)] = nil
                absent.remove(Name(directory: directory, name: name))
            case .node(let id): seen[id] = nil
            }
        }
    }

    /// What is believed and not so.
    func errors() -> [String] {
        var all: [String] = []
        for (name, id) in names {
            // A directory that is gone cannot be asked, nor used.
            if (try? files.attributes(name.directory, scratch)) == nil { continue }
            let now = try? files.lookup(name.directory, name.name.span, scratch)
            if now?.id != id { all.append("\(String(decoding: name.name, as: UTF8.self)) in \(name.directory)") }
        }
        for name in absent {
            guard (try? files.attributes(name.directory, scratch)) != nil, let found = (try? files.lookup(name.directory, name.name.span, scratch)) ?? nil else { continue }
            all.append("\(String(decoding: name.name, as: UTF8.self)) in \(name.directory) is there, as \(found.id)")
        }
        for (id, status) in seen {
            guard let now = try? files.attributes(id, scratch) else { continue }
            if (now.ctime, now.ctime_ns, now.size, now.mode) != (status.ctime, status.ctime_ns, status.size, status.mode) { all.append("node \(id)") }
        }
        return all
    }

    func end() { try? Files.removeTree(directory) }
}

/// Changes that others make to clones, and what the kernel may keep of them.
@Suite struct FollowingTests {
    @Test func whatHappensIsTold() throws {
        var b = try Believer()
        defer { b.end() }
        try Files.makeDirectory(b.clone + "/d")
        try Files.create(b.clone + "/d/f", Array("one".utf8))
        try b.settle("d/f")
        let first = b.find("d/f"), above = b.find("d"), d = try #require(above), f = try #require(first)
        #expect(b.names.count == 2 && b.seen.count == 2)
        b.listen()
        // What has not changed is kept.
        #expect(b.names.count == 2 && b.seen.count == 2)

        try Files.writeAtomically(b.clone + "/d/f", Array("two".utf8))
        b.listen(looksAgain: false)
        #expect(b.names == [Believer.Name(directory: b.top, name: Array("d".utf8)): d])
        #expect(b.seen[d] == nil)
        let second = b.find("d/f"), new = try #require(second)
        #expect(new != f)

        // By another name of the file, inotify says nothing.
        try Files.link(b.clone + "/d/f", b.directory + "/elsewhere/f")
        b.listen()
        b.find("d/f")
        let writer = try Files.open(b.directory + "/elsewhere/f", OpenFlags.writeOnly)
        try writer.writeAll(Array("longer".utf8))
        writer.close()
        b.listen(looksAgain: false)
        #expect(b.seen[new] != nil)
        b.listen()
        #expect(b.seen[new] == nil)
    }

    @Test func whatComesThroughTheMountIsNotTold() throws {
        var b = try Believer()
        defer { b.end() }
        let name = Array("new".utf8)
        let made = try b.files.makeNode(b.top, name.span, mode: 0o100644, major: 0, minor: 0, owner: nil, wasSent: false, b.scratch)
        b.names[Believer.Name(directory: b.top, name: name)] = made.id
        b.seen[made.id] = made.status
        let text = Array("text".utf8)
        try b.files.write(made.id, at: 0, text.span.bytes, clearsSetID: false, b.scratch)
        b.listen()
        // The kernel's own writes make it forget the attributes; its pages stay.
        #expect(b.names.count == 1)
        #expect(b.seen[made.id] != nil)
    }

    /// A file's time is set before its contents: whoever looks in between has the time of what he has not seen.
    @Test func contentsMayComeAfterTheirTime() throws {
        var b = try Believer()
        defer { b.end() }
        try Files.create(b.clone + "/f", Array("before".utf8))
        let found = b.find("f"), f = try #require(found)
        #expect(b.seen[f] != nil)
        b.listen()
        #expect(b.seen[f] == nil)
        // What has not changed for a while is as it is said to be.
        try b.settle("f")
        // A write that ends is told of, though its time is known.
        let writer = try Files.open(b.clone + "/f", OpenFlags.writeOnly)
        defer { writer.close() }
        try writer.writeAll(Array("x".utf8))
        b.find("f")
        b.listen(looksAgain: false)
        #expect(b.seen[f] == nil)
    }

    @Test func onlyWhatIsFollowedIsKept() throws {
        var b = try Believer(limit: 1)
        defer { b.end() }
        try Files.makeDirectory(b.clone + "/d")
        try Files.create(b.clone + "/d/f", [])
        b.find("d/f")
        #expect(b.names.keys.map(\.directory) == [b.top])
    }

    @Test func watchesEndWithTheirNodes() throws {
        var b = try Believer(limit: 2)
        defer { b.end() }
        for name in ["one", "two", "three"] {
            try Files.makeDirectory(b.clone + "/" + name)
            try Files.create(b.clone + "/" + name + "/f", [])
            let found = b.find(name), id = try #require(found)
            b.find(name + "/f")
            #expect(b.names[Believer.Name(directory: id, name: [UInt8(ascii: "f")])] != nil, "\(name)")
            try Files.removeTree(b.clone + "/" + name)
            b.listen()
            #expect(b.errors() == [])
            // All references, also those to a file whose number it has been given.
            b.files.forget(id, count: 100)
        }
    }

    /// Whatever others do: what is still believed after listening is so.
    @Test(arguments: 0..<12) func nothingFalseIsBelieved(_ run: Int) throws {
        let seed = UInt64.random(in: 0 ..< .max)
        var generator = SplitMix(state: seed)
        var b = try Believer()
        defer { b.end() }
        func pick<T>(_ all: [T]) -> T { all[Int(generator.next() % UInt64(all.count))] }
        func path() -> String { (0...Int(generator.next() % 3)).map { _ in pick(["a", "b", "c", "d"]) }.joined(separator: "/") }
        var log: [String] = []
        var believed = (there: 0, absent: 0)
        for step in 0..<600 {
            let p = path(), q = path(), full = b.clone + "/" + p, other = b.clone + "/" + q
            var what = "\(generator.next() % 12) \(p) \(q)"
            switch what.split(separator: " ")[0] {
            case "0", "1": try? Files.makeDirectory(full)
            case "2", "3": try? Files.create(full, Array("\(step)".utf8))
            case "4": try? Files.unlink(full)
            case "5": try? Files.removeTree(full)
            case "6", "7": if !q.hasPrefix(p + "/"), !p.hasPrefix(q + "/") { try? Files.rename(full, other) }
            case "8": try? Files.setMode(full, pick([0o700, 0o755, 0o640, 0o600]))
            case "9": try? Files.link(full, pick([other, b.directory + "/elsewhere/\(step)"]))
            case "10": try? Files.rename(full, other, flags: RenameFlags.exchange)
            default:
                if let f = try? Files.open(full, OpenFlags.writeOnly) {
                    try f.truncate(to: Int64(step))
                    f.close()
                }
            }
            for _ in 0..<generator.next() % 3 {
                let looked = path()
                b.find(looked)
                what += ", look at " + looked
            }
            log.append(what)
            guard generator.next() % 4 == 0 else { continue }
            b.listen()
            believed = (believed.there + b.names.count, believed.absent + b.absent.count)
            let errors = b.errors()
            try #require(errors == [], "seed \(seed), step \(step):\n\(log.suffix(30).joined(separator: "\n"))")
        }
        #expect(believed.there > 0 && believed.absent > 0)
    }

    @Test func whatIsNotThereIsTold() throws {
        var b = try Believer()
        defer { b.end() }
        try Files.makeDirectory(b.clone + "/d")
        #expect(b.find("d/f") == nil)
        let found = b.find("d"), d = try #require(found)
        let name = Believer.Name(directory: d, name: [UInt8(ascii: "f")])
        b.listen()
        #expect(b.absent == [name])
        // By another name of a file that is known, which a listing has shown, cut off before it.
        try Files.create(b.clone + "/d/known", [])
        b.find("d/known")
        b.listen()
        try Files.rename(b.clone + "/d/known", b.clone + "/d/f")
        try b.files.listWithStatus(d, from: 0, b.scratch) { _, _, _, _, _ in false }
        b.listen(looksAgain: false)
        #expect(b.absent == [])
        // What comes through the mount the kernel knows already.
        #expect(b.find("d/new") == nil)
        _ = try b.files.makeNode(d, Array("new".utf8).span, mode: 0o100644, major: 0, minor: 0, owner: nil, wasSent: false, b.scratch)
        b.files.noteThere(d, Array("new".utf8).span)
        for h in b.watcher.read().happenings { #expect(!b.files.changes(h.directory, h.event, b.scratch).contains(.name(Array("new".utf8), in: d))) }
    }

    /// When too much has happened to say what, all names are told of that there was nothing at; also by a successor.
    @Test func whatIsNotThereIsRemembered() throws {
        let directory = "/tmp/rwv-following-" + randomHex(8), scratch = Scratch()
        defer { try? Files.removeTree(directory) }
        try Files.makeDirectories(directory + "/clone/d")
        let names = (0..<1000).map { Array("absent\($0)".utf8) }
        func begin(isInherited: Bool) throws -> (Passthrough, UInt64) {
            let journal = try NodeJournal(path: directory + "/nodes", isInherited: isInherited)
            let files = try Passthrough(weave: directory, journal: journal, watcher: try DirectoryWatcher(limit: 10), capacity: 16, handles: 16)
            let top = try files.top(try files.root("clone"), counting: true, scratch).id
            let d = try files.lookup(top, [UInt8(ascii: "d")].span, scratch)
            return (files, try #require(d).id)
        }
        let (first, d) = try begin(isInherited: false)
        for name in names {
            let found = try first.lookup(d, name.span, scratch)
            #expect(found == nil && first.noteAbsent(d, name.span))
        }
        let (second, same) = try begin(isInherited: true)
        #expect(same == d)
        for files in [first, second] { #expect(Set(files.takeEverything()).isSuperset(of: names.map { .name($0, in: d) })) }
        // Once is enough.
        #expect(Set(first.takeEverything()).isDisjoint(with: names.map { .name($0, in: d) }))
    }
}
