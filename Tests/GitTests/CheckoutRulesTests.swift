import Testing
@testable import Git
import Syscalls

/// The oracle: whatever `git worktree add` checks out.
struct CheckoutRulesTests {
    /// What we would show of HEAD: path to content, without what sparse patterns leave out. Also how many were converted.
    static func shown(_ path: String, _ scratch: Scratch) throws -> (files: [String: [UInt8]], converted: Int) {
        let r = try Repository(opening: path)
        let listing = try TreeListing(r, tree: r.commit(try #require(try r.head().commit)).tree)
        let rules = try CheckoutRules(r)
        let directory = scratch / "work.\(randomHex(4))"
        try Files.makeDirectory(directory)
        let left = try rules.sparse(listing, directory: directory, timeout: 30)
        let zero = IndexStat(mtimeSeconds: 0, mtimeNanoseconds: 0, ctimeSeconds: 0, ctimeNanoseconds: 0, inode: 0, uid: 0, gid: 0, size: 0)
        let index = directory + "/index"
        try IndexFile.write(to: index, listing, stat: { _ in zero }, skipWorktree: { left.contains($0) })
        try Files.setMode(index, 0o444)
        let before = try Files.read(index)
        let converted = try rules.conversions(listing, r, index: index, skipping: left, directory: directory, timeout: 30)
        #expect(try Files.read(index) == before)
        var files: [String: [UInt8]] = [:]
        for i in listing.fileOrder.map(Int.init) where !left.contains(i) && !listing.entries[i].isGitlink {
            files[listing.text(i)] = try r.objects.readBlob(listing.entries[i].oid)
        }
        for c in converted {
            let bytes = try Files.read(c.path)
            #expect(UInt64(bytes.count) == c.size)
            #expect(bytes != files[listing.text(c.entry)], "\(listing.text(c.entry)) was not converted at all")
            files[listing.text(c.entry)] = bytes
        }
        return (files, converted.count)
    }

    /// What git checks out of HEAD in a new worktree.
    static func checkedOut(_ path: String, _ scratch: Scratch) throws -> [String: [UInt8]] {
        let tree = scratch / "oracle.\(randomHex(4))"
        try realGit(path, "worktree", "add", "-q", "--detach", tree)
        var files: [String: [UInt8]] = [:]
        for line in try realGit(tree, "ls-files", "-t", "-z").split(separator: "\0") where line.hasPrefix("H ") {
            let name = String(line.dropFirst(2)), file = tree + "/" + name
            if Files.isDirectory(file) { continue }
            files[name] = try Files.readLink(file).map { Array($0.utf8) } ?? Files.read(file)
        }
        return files
    }

    static func compare(_ path: String, _ scratch: Scratch, converted: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let ours = try shown(path, scratch), theirs = try checkedOut(path, scratch)
        #expect(ours.files.keys.sorted() == theirs.keys.sorted(), sourceLocation: sourceLocation)
        for (name, bytes) in theirs { #expect(ours.files[name] == bytes, "\(name)", sourceLocation: sourceLocation) }
        #expect(ours.converted == converted, sourceLocation: sourceLocation)
    }

    @Test func nothingToConvertAsksNobody() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        try write(path + "/.gitattributes", "* text=auto\n*.c diff=cpp\n*.sh eol=lf\n")
        try realGit(path, "add", "-A")
        try realGit(path, "commit", "-qm", "attributes")
        // A driver that nothing uses, and hooks that must not run.
        try realGit(path, "config", "filter.none.smudge", "false")
        try Self.compare(path, scratch, converted: 0)
    }

    @Test func everyKindOfAttribute() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        try realGit(path, "config", "filter.upper.smudge", "tr a-z A-Z")
        try realGit(path, "config", "filter.upper.clean", "tr A-Z a-z")
        try realGit(path, "config", "filter.upper.required", "true")
        try write(path + "/.gitattributes", """
            [attr]dos text eol=crlf
            *.bat dos
            *.id ident
            *.up filter=upper
            *.u16 text working-tree-encoding=UTF-16LE
            *.lf eol=lf
            *.bin -text eol=crlf
            *.other filter=unknown

            """)
        try write(path + "/sub/.gitattributes", "*.bat -text\n*.txt eol=crlf\n")
        try write(path + "/a.bat", "one\ntwo\n")
        try write(path + "/sub/a.bat", "one\ntwo\n")
        try write(path + "/sub/t \u{e9}.txt", "one\n")
        try write(path + "/sub/none.txt", "no end of line")
        try write(path + "/x.id", "$Id$\n")
        try write(path + "/y.id", "nothing\n")
        try write(path + "/l.up", "loud\n")
        try write(path + "/w.u16", "w\0i\0d\0e\0")
        try write(path + "/u.lf", "a\n")
        try write(path + "/b.bin", "a\n")
        try write(path + "/z.other", "a\n")
        try Files.makeSymlink(path + "/s.up", target: "lower")
        try realGit(path, "add", "-A")
        try realGit(path, "commit", "-qm", "attributes")
        try Self.compare(path, scratch, converted: 5)
        // What stands uncommitted in the clone has no say.
        try write(path + "/.gitattributes", "* eol=crlf\n")
        try write(path + "/sub/.gitattributes", "* ident\n")
        try Self.compare(path, scratch, converted: 5)
        // info/attributes has.
        try write(path + "/.git/info/attributes", "test.c eol=crlf\nx.id -ident\n")
        try Self.compare(path, scratch, converted: 5)
        try write(path + "/.git/info/attributes", "")
        try write(scratch / "global", "readme eol=crlf\n")
        try realGit(path, "config", "core.attributesFile", scratch / "global")
        try Self.compare(path, scratch, converted: 6)
    }

    @Test(arguments: ["true", "input", "false"], ["", "crlf", "lf"])
    func lineEndSettings(_ autocrlf: String, _ eol: String) throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        try write(path + "/mixed", "a\r\nb\n")
        try write(path + "/binary", "a\nb\0\n")
        try write(path + "/auto.t", "a\n")
        try write(path + "/text.x", "a\n")
        try write(path + "/sub/.gitattributes", "*.t text=auto\n*.x text\n*.n -text\n*.i text=input\n")
        for name in ["t", "x", "n", "i"] { try write(path + "/sub/f.\(name)", "a\nb\n") }
        try realGit(path, "add", "-A")
        try realGit(path, "commit", "-qm", "ends")
        try realGit(path, "config", "core.autocrlf", autocrlf)
        if !eol.isEmpty { try realGit(path, "config", "core.eol", eol) }
        let expected = autocrlf == "true" ? 12 : autocrlf == "false" && eol == "crlf" ? 2 : 0
        if autocrlf == "true", eol != "crlf", !eol.isEmpty {
            // git refuses or overrules by version; whatever it does, we show the same.
            let theirs = try Self.checkedOut(path, scratch)
            #expect(try Self.shown(path, scratch).files == theirs)
        } else { try Self.compare(path, scratch, converted: expected) }
    }

    @Test func failingFilters() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        try write(path + "/.gitattributes", "*.c filter=broken\n")
        try realGit(path, "add", "-A")
        try realGit(path, "commit", "-qm", "attributes")
        try realGit(path, "config", "filter.broken.smudge", "false")
        try Self.compare(path, scratch, converted: 0)
        try realGit(path, "config", "filter.broken.required", "true")
        do { _ = try Self.shown(path, scratch); Issue.record("a required filter failed, and nobody said so") } catch let error as GitError {
            #expect(error.code == .programFailed && error.cause?.contains("broken") == true)
        }
        try realGit(path, "config", "filter.broken.smudge", "sleep 60")
        let r = try Repository(opening: path)
        let listing = try TreeListing(r, tree: r.commit(try #require(try r.head().commit)).tree)
        try realGit(path, "read-tree", "HEAD")
        try Files.makeDirectory(scratch / "slow")
        let started = monotonicNanoseconds()
        #expect(code { _ = try CheckoutRules(r).conversions(listing, r, index: path + "/.git/index", directory: scratch / "slow", timeout: 1) } == .timedOut)
        #expect(monotonicNanoseconds() - started < 30_000_000_000)
    }

    @Test(arguments: [["set", "deep/er"], ["set", "--no-cone", "/*", "!/test/", "!readme"], ["set", "--sparse-index", "test"]])
    func sparsePatterns(_ arguments: [String]) throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let outcome = try GitProgram.run(["sparse-checkout"] + arguments, directory: path, environment: isolated)
        try #require(outcome.succeeded, "\(outcome.errorText)")
        let r = try Repository(opening: path)
        let listing = try TreeListing(r, tree: r.commit(try #require(try r.head().commit)).tree)
        try Files.makeDirectory(scratch / "d")
        let left = try CheckoutRules(r).sparse(listing, directory: scratch / "d", timeout: 30)
        #expect(!left.isEmpty && left.count < listing.fileCount)
        try Self.compare(path, scratch, converted: 0)
        #expect(try listing.sizes(r).count == listing.entries.count)
    }

    @Test func configurationFromTheEnvironment() {
        #expect(!Configuration.needsProgram([], ["PATH=/bin", "GIT_CONFIGURED=1", "GIT_CONFIG_GLOBAL=/x"]))
        for entry in ["GIT_CONFIG_COUNT=1", "GIT_CONFIG_PARAMETERS='a.b=c'"] {
            #expect(Configuration.needsProgram([], ["PATH=/bin", entry]))
        }
    }

    @Test func bothReadersAgree() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        try realGit(path, "config", "Filter.Some.Thing.SMUDGE", "a = \"b\"; # c")
        try realGit(path, "config", "multi.line", "one\ntwo")
        try realGit(path, "config", "--add", "core.autocrlf", "true")
        try realGit(path, "config", "--add", "core.autocrlf", "input")
        let text = try read(path + "/.git/config")
        try write(path + "/.git/config", text + "[bare]\n\tkey\n")
        let r = try Repository(opening: path)
        let listed = try GitProgram.run(["config", "--local", "--list", "-z"], directory: path)
        let theirs = listed.output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        let ours = try r.configuration.get().items.map { $0.name == "bare.key" ? $0.name : "\($0.name)\n\($0.value)" }
        #expect(ours.suffix(theirs.count).elementsEqual(theirs))
        #expect(try r.configuration.get()["core.autocrlf"] == "input")
    }

    @Test func fingerprints() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        func now() throws -> [UInt8] { try CheckoutRules(Repository(opening: path)).fingerprint }
        var seen: Set<[UInt8]> = [try now()]
        #expect(try now().count == 20 && seen.contains(now()))
        func differs(_ what: String, _ change: () throws -> Void) throws {
            try change()
            #expect(seen.insert(try now()).inserted, "\(what)")
        }
        func same(_ what: String, _ change: () throws -> Void) throws {
            let before = try now()
            try change()
            #expect(try now() == before, "\(what)")
        }
        try same("a remote") { try realGit(path, "config", "remote.origin.url", "x") }
        try same("user.name") { try realGit(path, "config", "user.name", "x") }
        try differs("autocrlf") { try realGit(path, "config", "core.autocrlf", "true") }
        try differs("eol") { try realGit(path, "config", "core.eol", "lf") }
        try differs("smudge") { try realGit(path, "config", "filter.Some.Thing.smudge", "cat") }
        try differs("driver name's case") {
            try realGit(path, "config", "--unset", "filter.Some.Thing.smudge")
            try realGit(path, "config", "filter.some.thing.smudge", "cat")
        }
        try differs("required") { try realGit(path, "config", "filter.some.thing.required", "true") }
        try differs("info/attributes") { try write(path + "/.git/info/attributes", "* text\n") }
        try differs("attributesFile") {
            try write(scratch / "global", "x ident\n")
            try realGit(path, "config", "core.attributesFile", scratch / "global")
        }
        try differs("its content") { try write(scratch / "global", "y ident\n") }
        try differs("an include") {
            try write(scratch / "included", "[core]\n\tautocrlf = input\n")
            try realGit(path, "config", "include.path", scratch / "included")
        }
        try differs("a conditional include") {
            try write(scratch / "more", "[core]\n\teol = crlf\n")
            try realGit(path, "config", "includeIf.gitdir:\(scratch.path)/.path", scratch / "more")
        }
        try differs("an include by remote") {
            try write(scratch / "most", "[core]\n\teol = native\n")
            try realGit(path, "config", "includeIf.hasconfig:remote.*.url:x.path", scratch / "most")
        }
        try realGit(path, "config", "extensions.worktreeConfig", "true")
        try differs("config.worktree") { try realGit(path, "config", "--worktree", "core.autocrlf", "false") }
        try differs("sparse") { try realGit(path, "sparse-checkout", "set", "deep") }
        try differs("its patterns") { try realGit(path, "sparse-checkout", "set", "test") }
    }
}
