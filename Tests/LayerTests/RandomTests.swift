import Layers
import Syscalls
import Testing

/// The same random operations on a view and on a tree of the kernel's, which is the oracle.
struct RandomRun {
    var generator: SplitMix
    let f: Fixture
    /// Where the oracle's tree is.
    let oracle: String
    var held: [(path: String, id: NodeID, file: FileDescriptor)] = []
    static let names = ["a", "b", "c", "d", "e", "one", "two", "er", "x", "link", "empty", "n\u{e9}", "z"]

    init(seed: UInt64, _ f: Fixture, oracle: String) {
        generator = SplitMix(state: seed)
        self.f = f
        self.oracle = oracle
    }

    mutating func pick<T>(_ of: [T]) -> T { of[Int(generator.next() % UInt64(of.count))] }
    mutating func path() -> String {
        (0...Int(generator.next() % 3)).map { _ in pick(Self.names) }.joined(separator: "/")
    }

    /// One operation on both. Errors must be the same. Returns what it was, for the message.
    mutating func step() throws -> String {
        let p = path(), q = path(), full = oracle + "/" + p, other = oracle + "/" + q
        let text = "text \(generator.next() % 1000)\n"
        switch generator.next() % 14 {
        case 0, 1: return try both("create \(p)", { () throws(Errno) in _ = try f.create(p, text, mode: 0o100640) }, { () throws(Errno) in
            try Files.create(full, Array(text.utf8), mode: 0o640) })
        case 2: return try both("mkdir \(p)", { () throws(Errno) in _ = try f.mkdir(p) }, { () throws(Errno) in try Files.makeDirectory(full, mode: 0o755) })
        // No link leads anywhere: our calls follow none, and the oracle's must not.
        case 3: return try both("symlink \(p)", { () throws(Errno) in _ = try f.symlink(p, "/nowhere/" + q) }, { () throws(Errno) in try Files.makeSymlink(full, target: "/nowhere/" + q) })
        case 4, 5: return try both("unlink \(p)", { () throws(Errno) in try f.unlink(p) }, { () throws(Errno) in try Files.unlink(full) })
        case 6: return try both("rmdir \(p)", { () throws(Errno) in try f.rmdir(p) }, { () throws(Errno) in try Files.removeDirectory(full) })
        case 7, 8, 9, 10:
            if q.hasPrefix(p + "/") || p.hasPrefix(q + "/") || p == q { return "" }
            let flags: UInt32 = pick([0, 0, RenameFlags.noReplace, RenameFlags.exchange])
            return try both("rename \(p) \(q) \(flags)", { () throws(Errno) in try f.rename(p, q, flags: flags) },
                            { () throws(Errno) in try Files.rename(full, other, flags: flags) })
        case 11: return try both("chmod \(p)", { () throws(Errno) in
            if try f.status(p).isSymlink { throw .notSupported }
            try f.change(p) { $0.mode = 0o700 }
        }, { () throws(Errno) in
            guard let s = try Files.status(full) else { throw .notFound }
            if s.isSymlink { throw .notSupported }
            try Files.setMode(full, 0o700)
        })
        case 12: return try both("write \(p)", { () throws(Errno) in
            let id = try f.hold(p)
            guard try f.overlay.attributes(id, f.scratch).isRegular else { throw .notSupported }
            try f.write(id, text, at: 3)
        }, { () throws(Errno) in
            guard let s = try Files.status(full) else { throw .notFound }
            guard s.isRegular else { throw .notSupported }
            let file = OwnedDescriptor(try Files.open(full, OpenFlags.writeOnly | OpenFlags.noFollow))
            try unsafe file.descriptor.write(at: 3, Array(text.utf8).span.bytes)
        })
        default: return try both("link \(p) \(q)", { () throws(Errno) in
            let s = try f.status(p)
            if s.isDirectory { throw .permission }
            if !s.isRegular { throw .notSupported }
            try f.link(p, q)
        }, { () throws(Errno) in
            guard let s = try Files.status(full) else { throw .notFound }
            if s.isDirectory { throw .permission }
            if !s.isRegular { throw .notSupported }
            try Files.link(full, other)
        })
        }
    }

    private func both(_ what: String, _ ours: () throws(Errno) -> Void, _ theirs: () throws(Errno) -> Void) throws -> String {
        func outcome(_ body: () throws(Errno) -> Void) -> String {
            do throws(Errno) { try body() } catch { return error.description }
            return "ok"
        }
        let (a, b) = (outcome(ours), outcome(theirs))
        // Errors of a path that leads through a file are the kernel's business, and which of two applies is a matter of taste.
        if (a == "ok") != (b == "ok") { throw Difference("\(what): the view says \(a), the oracle \(b)") }
        return "\(what): \(a)"
    }
}

/// How many operations a failure tells.
let logged = CurrentProcess.environment("RWV_SEED") == nil ? 12 : 400

struct Difference: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
}

/// A small generator with a seed (splitmix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}

/// What is in one and not, or otherwise, in the other.
func differences(_ a: [String: String], _ b: [String: String]) -> String {
    Set(a.keys).union(b.keys).sorted().filter { a[$0] != b[$0] }.map { "\($0): \(a[$0] ?? "-") | \(b[$0] ?? "-")" }.joined(separator: "\n")
}

/// A kernel overlayfs mount, taken away with the object.
final class KernelOverlay {
    let path: String
    init?(lower: String, upper: String?, work: String, at path: String, options: String) {
        self.path = path
        let layers = upper.map { "lowerdir=\(lower),upperdir=\($0),workdir=\(work)" } ?? "lowerdir=\(lower)"
        guard let outcome = try? Subprocess("mount", ["-t", "overlay", "overlay", "-o", layers + "," + options, path]).run(), outcome.succeeded else { return nil }
    }
    deinit { try? unmount(path, lazy: true) }
}

@Suite struct RandomTests {
    static let items: [String: LowerItem] = sample.merging([
        "d/er/one": .file("deep\n"), "d/er/er/two": .file("deeper\n"), "link": .link("/nowhere/a"), "c/link": .link("/nowhere"), "c/x": .file("cx\n", mode: 0o755),
        "e/er/b": .file("eb\n"), "one": .file("1\n"), "two/a": .file("2a\n"), "two/d/b": .file("2db\n"),
    ]) { _, b in b }

    static func seeds(_ count: Int) -> [UInt64] {
        if let one = CurrentProcess.environment("RWV_SEED").flatMap({ UInt64($0) }) { return [one] }
        return (0..<count).map { _ in UInt64.random(in: 0..<1_000_000) }
    }

    /// Against a plain directory, which every form must look like; also over restarts.
    @Test(arguments: seeds(12)) func likeAPlainDirectory(seed: UInt64) throws {
        var forms = [UpperFormat(prefix: .user, whiteout: .attribute, renamesWithWhiteout: false), UpperFormat(prefix: .user, whiteout: .device, renamesWithWhiteout: true)]
        if CurrentProcess.userID == 0 { forms.append(UpperFormat(prefix: .trusted, whiteout: .device, renamesWithWhiteout: true)) }
        for form in forms {
            let f = try Fixture(Self.items, format: form)
            var run = RandomRun(seed: seed, f, oracle: f.directory + "/lower/repo")
            var log: [String] = []
            do {
                for i in 1...300 {
                    let did = try run.step()
                    if did.hasSuffix(": ok") || logged > 12 { log.append(did) }
                    if i % 100 == 0 { try f.restart() }
                    if i % 10 == 0 {
                        let difference = differences(try f.snapshot(), try snapshot(directory: run.oracle))
                        if !difference.isEmpty { throw Difference(difference) }
                    }
                }
            } catch { Issue.record("seed \(seed), \(form.prefix) \(form.whiteout): \(error)\nafter \(log.suffix(logged).joined(separator: "; "))") }
        }
    }

    /// Against the kernel's overlayfs over an equal lower; and then the kernel mounts our upper and must see what we showed.
    @Test(arguments: seeds(8)) func likeTheKernel(seed: UInt64) throws {
        guard CurrentProcess.userID == 0 else { return }
        let f = try Fixture(Self.items, format: UpperFormat(prefix: .trusted, whiteout: .device, renamesWithWhiteout: true))
        for d in ["kupper", "kwork", "kernel", "again", "work2"] { try Files.makeDirectory(f.directory + "/" + d) }
        let options = "redirect_dir=on,xino=off,index=off,metacopy=off"
        let kernel = try #require(KernelOverlay(lower: f.directory + "/lower", upper: f.directory + "/kupper", work: f.directory + "/kwork",
                                                at: f.directory + "/kernel", options: options))
        var run = RandomRun(seed: seed, f, oracle: kernel.path + "/repo")
        var log: [String] = []
        for _ in 1...300 {
            do {
                let did = try run.step()
                if did.hasSuffix(": ok") || logged > 12 { log.append(did) }
            } catch {
                Issue.record("seed \(seed): \(error)\nafter \(log.suffix(logged).joined(separator: "; "))")
                return
            }
        }
        let ours = try f.snapshot()
        #expect(differences(ours, try snapshot(directory: run.oracle)) == "", "seed \(seed)")
        let again = try #require(KernelOverlay(lower: f.directory + "/lower", upper: f.directory + "/upper", work: f.directory + "/work2",
                                               at: f.directory + "/again", options: options), "the kernel mounts our upper")
        #expect(differences(ours, try snapshot(directory: again.path + "/repo")) == "", "seed \(seed): our upper")
    }
}
