internal import Git
internal import Layers
internal import Syscalls
internal import Weave

/// A base on disk: the files of one key in `.rwv/cache/bases`, which workweaves hold links to.
struct BaseFiles: Sendable {
    let key: String
    /// The directory and the name without ending.
    let stem: String
    var metadata: String { stem + ".meta" }
    var index: String { stem + ".index" }
    var content: String { stem + ".content" }
}

/// Finds bases, or builds them: the only work that grows with a repo, once per tree and checkout settings. Any thread.
final class BaseStore: Sendable {
    private let weave: Weave
    private let building = Locked<[String: Lock]>([:])

    init(_ weave: Weave) { self.weave = weave }

    /// The base of a planned repo. Several callers with one key build it once.
    /// - Throws: `.unsupported` where a checkout would follow `git replace`.
    func obtain(_ repo: ViewPlan.Repo, umask: UInt32) throws(WeaveError) -> BaseFiles {
        let repository = try git { () throws(GitError) in try Repository(opening: repo.clone) }
        if let replaced = try git({ () throws(GitError) in try repository.replacement(in: repo.commit) }) {
            throw WeaveError(.unsupported, "\(repo.path) has a replacement (git replace) of \(replaced), which only the engine 'checkout' shows",
                             hint: "create the workweave with --engine checkout; or see 'git replace --list' in the clone, and delete it there")
        }
        let rules = try CheckoutSettings.read(repository, repo.path, umask: umask)
        let key = "\(repo.commit.tree.hex)-\(rules.fingerprint)"
        let files = BaseFiles(key: key, stem: weave.bases + "/" + key)
        let lock = building.withLock { table -> Lock in
            if let l = table[key] { return l }
            let l = Lock()
            table[key] = l
            return l
        }
        lock.lock()
        defer { lock.unlock() }
        if isIntact(files) { return files }
        try build(repo, repository, rules, files)
        return files
    }

    /// Whether the files are there and belong together: the index is the one that the metadata was written for.
    private func isIntact(_ files: BaseFiles) -> Bool {
        guard let table = try? BaseTable(path: files.metadata), let index = try? Files.status(files.index) else { return false }
        let recorded = table.index
        return index.size == recorded.size && index.mtime == recorded.modified.seconds && index.mtime_ns == recorded.modified.nanoseconds
    }

    private func build(_ repo: ViewPlan.Repo, _ repository: Repository, _ rules: CheckoutSettings, _ files: BaseFiles) throws(WeaveError) {
        let listing = try git { () throws(GitError) in try TreeListing(fetching: repository, tree: repo.commit.tree) }
        let sizes = try git { () throws(GitError) in try listing.sizes(repository) }
        var settings = BaseBuilder.Settings(umask: rules.umask, uid: CurrentProcess.userID, gid: CurrentProcess.groupID)
        try rules.apply(to: &settings, listing, sizes, repository, files)
        let builder = BaseBuilder(listing: listing, sizes: sizes, settings: settings, time: min(repo.commit.time, Timestamp.current.seconds - 2))
        let (finish, lows) = builder.table(seed: Array(repo.path.utf8), key: Array(files.key.utf8.prefix(32)))
        try git { () throws(GitError) in
            try IndexFile.write(to: files.index, listing, stat: { builder.stat($0, lows[$0]) }, skipWorktree: { settings.skipped.contains($0) })
        }
        try system("write the base of \(repo.path)") { () throws(Errno) in
            try Files.setMode(files.index, 0o444)
            guard let status = try Files.status(files.index) else { throw .io }
            let bytes = finish(status.size, Timestamp(seconds: status.mtime, nanoseconds: status.mtime_ns))
            try Files.writeAtomically(files.metadata, bytes, mode: 0o444, durable: false)
        }
    }
}

extension BaseTable {
    /// Maps a table's file.
    convenience init(path: String) throws(Errno) {
        let file = OwnedDescriptor(try Files.open(path))
        try self.init(try MappedFile(file.descriptor))
    }
}
