import Testing
@testable import Git
import Syscalls

/// The stat data of what stands at `path`, as git would record it.
func indexStat(_ path: String) throws -> IndexStat {
    let s = try #require(try Files.status(path))
    return IndexStat(mtimeSeconds: s.modified.seconds, mtimeNanoseconds: s.modified.nanoseconds, ctimeSeconds: s.changed.seconds,
                     ctimeNanoseconds: s.changed.nanoseconds, inode: UInt32(truncatingIfNeeded: s.inode), uid: s.owner, gid: s.group,
                     size: UInt32(truncatingIfNeeded: s.byteCount))
}

struct IndexFileTests {
    @Test func equalsTheIndexThatGitWrites() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let repository = try Repository(opening: path)
        let listing = try TreeListing(repository, tree: try repository.commit(try #require(try repository.head().commit)).tree)
        try realGit(path, "read-tree", "HEAD")   // a whole cache tree
        try realGit(path, "update-index", "--refresh")
        let expected = try realGit(path, "ls-files", "--stage", "--debug")
        // Only racy entries are left without a size by git; here they are ours to give.
        var failure: (any Error)?
        try IndexFile.write(to: path + "/.git/index", listing, stat: { i in
            do { return try indexStat(path + "/" + listing.text(i)) } catch { failure = error }
            return IndexStat(mtimeSeconds: 0, mtimeNanoseconds: 0, ctimeSeconds: 0, ctimeNanoseconds: 0, inode: 0, uid: 0, gid: 0, size: 0)
        })
        #expect(failure == nil)
        func withoutDevice(_ text: String) -> [String] {
            text.split(separator: "\n").map { line in line.contains("dev:") ? String(line.drop { $0 != "\t" }) : String(line) }
        }
        #expect(withoutDevice(try realGit(path, "ls-files", "--stage", "--debug")) == withoutDevice(expected))
        #expect(try IndexFile.isIntact(path + "/.git/index"))
        // git itself checks checksum and cache tree.
        #expect(try realGit(path, "fsck", "--strict", "--no-dangling") == "")
        #expect(try realGit(path, "write-tree") == listing.tree.hex)
    }

    @Test func cacheTreeIsTheOneGitWrites() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let repository = try Repository(opening: path)
        let listing = try TreeListing(repository, tree: try repository.commit(try #require(try repository.head().commit)).tree)
        try realGit(path, "read-tree", "HEAD")
        func sections(_ bytes: [UInt8]) -> [UInt8] {
            // From the TREE extension on, without the checksum.
            let mark = Array("TREE".utf8)
            let at = bytes.indices.last { bytes[$0...].starts(with: mark) } ?? bytes.endIndex
            return Array(bytes[at...].dropLast(20))
        }
        let zero = IndexStat(mtimeSeconds: 0, mtimeNanoseconds: 0, ctimeSeconds: 0, ctimeNanoseconds: 0, inode: 0, uid: 0, gid: 0, size: 0)
        let theirs = try Files.read(path + "/.git/index")
        let ours = IndexFile.contents(listing, stat: { _ in zero })
        #expect(sections(ours).count > 60)
        #expect(sections(ours).sorted() == sections(theirs).sorted())
        #expect(ours == theirs, "read-tree leaves stat data empty: whole files must be equal")
    }

    @Test func statusReadsNothingAndIsClean() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let repository = try Repository(opening: path)
        let listing = try TreeListing(repository, tree: try repository.commit(try #require(try repository.head().commit)).tree)
        // Old times, so that nothing is racy, then other bytes of the same length behind equal stat data: git must not look.
        for i in listing.fileOrder where listing.entries[Int(i)].isFile {
            try Files.setTimes(path + "/" + listing.text(Int(i)), access: .omit, modification: Timestamp(seconds: 1_600_000_000, nanoseconds: 7))
        }
        let stats = try Dictionary(uniqueKeysWithValues: listing.fileOrder.map { (Int($0), try indexStat(path + "/" + listing.text(Int($0)))) })
        let zero = IndexStat(mtimeSeconds: 0, mtimeNanoseconds: 0, ctimeSeconds: 0, ctimeNanoseconds: 0, inode: 0, uid: 0, gid: 0, size: 0)
        try IndexFile.write(to: path + "/.git/index", listing, stat: { stats[$0] ?? zero })
        try realGit(path, "config", "core.trustctime", "false")
        let file = OwnedDescriptor(try Files.open(path + "/readme", OpenFlags.writeOnly))
        try file.descriptor.writeAll(Array("HELLO\n".utf8))
        try file.descriptor.setTimes(access: .omit, modification: Timestamp(seconds: 1_600_000_000, nanoseconds: 7))
        #expect(try realGit(path, "status", "--porcelain") == "")
        try write(path + "/readme", "other\n")
        #expect(try realGit(path, "status", "--porcelain") == " M readme")
    }

    @Test func skipWorktreeEntries() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        let repository = try Repository(opening: path)
        let listing = try TreeListing(repository, tree: try repository.commit(try #require(try repository.head().commit)).tree)
        let zero = IndexStat(mtimeSeconds: 0, mtimeNanoseconds: 0, ctimeSeconds: 0, ctimeNanoseconds: 0, inode: 0, uid: 0, gid: 0, size: 0)
        try IndexFile.write(to: path + "/.git/index", listing, stat: { _ in zero },
                            skipWorktree: { listing.path($0).starts(with: Array("deep/".utf8)) })
        let lines = try realGit(path, "ls-files", "-t").split(separator: "\n")
        #expect(lines.filter { $0.hasPrefix("S ") }.count == 3)
        #expect(lines.filter { $0.hasPrefix("H ") }.count == listing.fileCount - 3)
        #expect(try realGit(path, "fsck", "--no-dangling") == "")
    }

    @Test func damageIsNoticed() throws {
        let scratch = try Scratch(), path = scratch / "c"
        try sampleRepository(path)
        var bytes = try Files.read(path + "/.git/index")
        try Files.create(scratch / "i", bytes)
        #expect(try IndexFile.isIntact(scratch / "i"))
        bytes[20] ^= 1
        try Files.create(scratch / "j", bytes)
        #expect(try !IndexFile.isIntact(scratch / "j"))
        try Files.create(scratch / "k", [])
        #expect(try !IndexFile.isIntact(scratch / "k"))
        #expect(code { _ = try IndexFile.isIntact(scratch / "none") } == .notFound)
    }
}
