internal import Git
internal import JSONCoding
internal import Manifest
internal import Syscalls

/// What a workweave is, as `.rwv/workweaves/NAME/workweave.json` keeps it. Its presence makes the workweave exist:
/// it is written last when one is made, and an unfinished one has none.
package struct WorkweaveRecord: Codable, Sendable, Equatable {
    package struct Repo: Codable, Sendable, Equatable {
        /// The path in the weave and in the workweave.
        package var path: String
        /// The number by which node ids know the repo; never used again within the workweave.
        package var part: UInt32
        /// The ephemeral branch, as a full reference name.
        package var branch: String
        /// The commit it was made on, 40 hexadecimal digits.
        package var base: String
        /// The names of the base's files (BaseStore), and of the links to them in the state directory.
        package var baseKey: String
        /// Nothing of it may be changed (role `reference`).
        package var isReadOnly: Bool
        /// The repo of the project itself.
        package var isProject: Bool
        /// It joined while the kernel's overlay was mounted: its changes lie in an upper directory of its own, `added/PART/upper`, until they
        /// are moved to the others.
        package var isApart: Bool?
        package init(path: String, part: UInt32, branch: String, base: String, baseKey: String, isReadOnly: Bool, isProject: Bool) {
            self.path = path
            self.part = part
            self.branch = branch
            self.base = base
            self.baseKey = baseKey
            self.isReadOnly = isReadOnly
            self.isProject = isProject
        }
    }

    /// The form of the upper directory: see UpperFormat.
    package struct Upper: Codable, Sendable, Equatable {
        package var prefix: String
        package var whiteout: String
        package var renamesWithWhiteout: Bool
        package init(prefix: String, whiteout: String, renamesWithWhiteout: Bool) {
            self.prefix = prefix
            self.whiteout = whiteout
            self.renamesWithWhiteout = renamesWithWhiteout
        }
    }

    /// A repo that is one no more, but still there below the mounted overlay.
    package struct Left: Codable, Sendable, Equatable {
        package var repo: Repo
        /// Whether the overlay shows it no more: what is found at its path now is somebody's.
        package var isGone: Bool
        package init(repo: Repo, isGone: Bool) { (self.repo, self.isGone) = (repo, isGone) }
    }

    package static let currentFormat = 1
    package var format = Self.currentFormat
    package var name: String
    package var project: String
    /// The number by which node ids know the workweave; never used again.
    package var id: UInt32
    package var engine: String
    /// Where the weave was when paths were last written into git's files.
    package var weave: String
    /// Seconds since the epoch.
    package var created: Int64
    package var umask: UInt32
    package var nextPart: UInt32
    package var repos: [Repo]
    /// Symbolic links of the virtual root: path and target.
    package var links: [String: String]
    /// Files in no commit that came along when it was made: the weave's edited rwv.yaml and generated files. Their paths in the workweave, and
    /// what they held then as a git blob id (40 hexadecimal digits).
    package var given: [String: String]?
    /// Nil for the checkout engine.
    package var upper: Upper?
    /// How often somebody else has had the upper directory since it was made: the kernel is given other nodes after each time, since what it
    /// keeps of the former for those who have them open is not so any more.
    package var generation: UInt32?
    /// Repos that left while the kernel's overlay was mounted, which still lies upon them.
    package var left: [Left]?

    package init(name: String, project: String, id: UInt32, engine: String, weave: String, created: Int64, umask: UInt32, repos: [Repo],
                 links: [String: String], given: [String: String], upper: Upper?) {
        self.name = name
        self.project = project
        self.id = id
        self.engine = engine
        self.weave = weave
        self.created = created
        self.umask = umask
        self.repos = repos
        self.links = links
        self.given = given
        self.upper = upper
        nextPart = (repos.map(\.part).max() ?? 0) + 1
    }

    package static let fileName = "workweave.json"

    /// Reads the record in a state directory; nil when there is none.
    package static func read(_ directory: String) throws(WeaveError) -> WorkweaveRecord? {
        let path = directory + "/" + fileName
        guard let bytes = try system("read \(path)", { () throws(Errno) in try Files.readIfExists(path) }) else { return nil }
        guard let record = try? JSONDecoder().decode(WorkweaveRecord.self, from: bytes) else {
            throw WeaveError(.invalid, "\(path) is damaged", hint: "the changed files lie in \(directory)/upper as plain files")
        }
        guard record.format == currentFormat else {
            throw WeaveError(.unsupported, "\(path) has format \(record.format), this program knows \(currentFormat)", hint: "use a newer rwv")
        }
        return record
    }

    /// Whether a state directory without a record was only just made: whoever made it was killed before its journal was there.
    package static func isBarelyBegun(_ directory: String) throws(WeaveError) -> Bool {
        try system("list \(directory)") { () throws(Errno) in
            let file: OwnedDescriptor
            do throws(Errno) { file = OwnedDescriptor(try Files.open(directory, OpenFlags.directory | OpenFlags.noFollow)) } catch where error == .notFound { return true }
            return try file.descriptor.directoryEntries().allSatisfy { $0.text.contains(Files.temporarySuffix) }
        }
    }

    /// Whether a state directory has no record though it must have had one, also while others create and delete.
    package static func isGone(_ directory: String) throws(WeaveError) -> Bool {
        guard !Files.exists(directory + "/journal.json"), try !isBarelyBegun(directory) else { return false }
        return try read(directory) == nil
    }

    /// What is said of a state directory that is not, and has no record.
    package static func gone(_ directory: String) -> WeaveError {
        WeaveError(.invalid, "\(directory)/\(fileName) is gone", hint: "put it back from a backup; the changed files lie in \(directory)/upper as plain files")
    }

    /// Writes it, atomically and durably.
    package func write(_ directory: String) throws(WeaveError) {
        try writeJSON(self, directory + "/" + Self.fileName)
    }
}

/// The number of a workweave, and by what its state directory is known again.
private struct KnownNumber {
    let inode: UInt64
    let born: Timestamp
    let id: UInt32

    /// By state directory. A leaf; the records are read under it.
    static let all = Locked<[String: KnownNumber]>([:])
}

/// Writes a value as JSON with sorted keys: temporary file, fsync, rename.
package func writeJSON(_ value: some Encodable, _ path: String) throws(WeaveError) {
    guard let data = try? JSONEncoder(isPretty: true).encode(value) else { throw WeaveError(.failed, "cannot encode \(path)") }
    try system("write \(path)") { () throws(Errno) in try Files.writeAtomically(path, data + [UInt8(ascii: "\n")]) }
}

extension WorkweaveRecord {
    /// The workweave as the mounted overlay lies upon it: without repos that joined meanwhile, with those that left.
    package var beneath: WorkweaveRecord {
        var record = self
        record.repos = (repos + (left ?? []).map(\.repo)).filter { $0.isApart != true }
        return record
    }

    /// Whether repos joined or left while the overlay was mounted, and it has not been put into one piece yet.
    package var isInPieces: Bool { left != nil || repos.contains { $0.isApart == true } }

    /// Whether the file at a path of the workweave, with these bytes, is as it came along: no work of anybody's.
    package func isGiven(_ path: String, _ bytes: [UInt8]) -> Bool { given?[path] == blobID(of: bytes).hex }

    private static let marks = ["trusted.overlay.", "user.overlay."].flatMap { [AttributeName($0 + "opaque"), AttributeName($0 + "redirect")] }

    /// In bytes. What came along and is longer is not remembered.
    package static let longestGiven = 64 << 20

    /// Whether what lies at a path of the workweave is nothing but files and links that are as they came along.
    /// - Parameter root: the workweave's root, or its upper directory.
    package func holdsOnlyGiven(_ path: String, in root: String) -> Bool {
        let full = root + "/" + path
        guard let status = try? Files.status(full) else { return false }
        if status.isSymlink { return links[path] != nil && (try? Files.readLink(full)) == .some(links[path]) }
        if status.isRegular { return given?[path] != nil && ((try? Files.read(full, limit: Self.longestGiven)).map { isGiven(path, $0) } ?? false) }
        guard status.isDirectory, let directory = try? Files.open(full, OpenFlags.directory | OpenFlags.noFollow) else { return false }
        defer { directory.close() }
        // One that hides what the base has at its place, or shows another of its directories (overlayfs.rst), says more than what lies in it.
        let here = PathBuffer()
        for mark in Self.marks { if (try? directory.attribute(here, mark)) != .some(nil) { return false } }
        guard let entries = try? directory.directoryEntries(), !entries.isEmpty else { return false }
        return entries.allSatisfy { holdsOnlyGiven(path + "/" + $0.text, in: root) }
    }
}

extension Weave {
    /// Where a workweave's files are for git: its view, or its checkout in the state directory.
    package func top(of record: WorkweaveRecord) -> String {
        record.engine == "checkout" ? states + "/" + record.name + "/checkout" : workweaves + "/" + record.name
    }

    /// The administration of a worktree in the clone at `path` of the weave; nil when there is no clone.
    package func worktree(_ name: String, of path: String) -> String? {
        Repository.commonDirectory(ofClone: root + "/" + path).map { LinkedWorktree.adminDirectory($0, name) }
    }

    /// The names below `.rwv/workweaves`, finished or not. - Throws: when they cannot be seen; that there is no such directory is no error.
    package func stateNames() throws(WeaveError) -> [String] {
        try system("list \(states)") { () throws(Errno) in
            guard try Files.status(states, follow: true) != nil else { return [] }
            let directory = OwnedDescriptor(try Files.open(states, OpenFlags.directory))
            return try directory.descriptor.directoryEntries().map(\.text).filter { !$0.hasPrefix(".") }.sorted()
        }
    }

    /// Where the next number for a workweave stands: there as soon as one was made.
    package var nextNumber: String { state + "/next-workweave" }

    /// The numbers of all finished workweaves. Each keeps its own as long as it lives, so this process reads its record once.
    package func numbersInUse() throws(WeaveError) -> Set<UInt32> {
        let names = try stateNames()
        return KnownNumber.all.withLock { known in
            var now: [String: KnownNumber] = [:]
            for name in names {
                let path = states + "/" + name
                guard let status = try? Files.status(path) else { continue }
                if let old = known[path], old.inode == status.inode, old.born == status.born { now[path] = old } else if let record = try? WorkweaveRecord.read(path) {
                    now[path] = KnownNumber(inode: status.inode, born: status.born, id: record.id)
                }
            }
            known = now
            return Set(now.values.map(\.id))
        }
    }

    /// The records of all finished workweaves, by name. Damaged ones are left out.
    package func workweaveRecords() throws(WeaveError) -> [WorkweaveRecord] {
        try stateNames().compactMap { try? WorkweaveRecord.read(states + "/" + $0) }
    }
}
