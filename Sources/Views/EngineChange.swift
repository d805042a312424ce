internal import Git
internal import Layers
internal import Manifest
internal import Syscalls
internal import Weave

/// Gives a workweave's files the form that another engine wants: an upper directory on bases, or a checkout. The other form is made beside
/// the one that there is, of links wherever it can be; the record, written in one step, says which one counts; then the other one goes. So
/// being killed at any moment loses nothing: ``finish(_:)`` removes what does not count. Under the name's lock, while nobody can get in.
struct EngineChange {
    let weave: Weave
    let serving: ServedWorkweave
    let maker: WorkweaveMaker

    /// Where a checkout is while it is taken over: nobody can get in by its name.
    static let aside = "checkout.taken"
    private static let overlayParts = ["upper", "work", "base", KernelMount.workDirectory]

    // MARK: To a checkout

    /// - Returns: the record, which is on disk. - Throws: `.denied`, `.noSpace` and the like; everything is as it was then.
    func toCheckout(_ old: WorkweaveRecord, _ name: WorkweaveName) throws(WeaveError) -> WorkweaveRecord {
        let directory = weave.state(of: name)
        var record = old
        record.engine = EngineKind.checkout.rawValue
        record.upper = nil
        record.repos = old.repos.map { repo in
            var repo = repo
            repo.baseKey = ""
            return repo
        }
        let overlay = try serving.overlay(old, isInherited: false)
        defer { overlay.close() }
        return try changing(old, name) { () throws(WeaveError) in
            let export = OverlayExport(overlay)
            try system("write the checkout of '\(name.text)'", at: export.position) { () throws(Errno) in
                try Files.makeDirectory(directory + "/checkout")
                let target = OwnedDescriptor(try Files.open(directory + "/checkout", OpenFlags.directory))
                try export.write(to: target.descriptor)
                try target.descriptor.syncFileSystem()
            }
            return record
        }
    }

    // MARK: To an upper directory

    /// - Parameter kind: `fuse` or `kernel`, which take the same. - Returns, throws: as ``toCheckout(_:_:)``; `.busy` when it is in use; `.dirty` when
    ///   a read-only repo was changed, which no other engine could show.
    func toOverlay(_ old: WorkweaveRecord, _ name: WorkweaveName, _ kind: EngineKind) throws(WeaveError) -> WorkweaveRecord {
        let directory = weave.state(of: name), tree = "\(directory)/\(Self.aside)"
        var record = old
        record.engine = kind.rawValue
        // What the kernel may remember of an earlier time as an overlay was another one.
        record.id = try maker.takeNumber()
        return try changing(old, name) { () throws(WeaveError) in
            try system("move the checkout of '\(name.text)'") { () throws(Errno) in try Files.rename(directory + "/checkout", tree) }
            let users = PlaceUsers.find(tree)
            if !users.isEmpty { throw WeaveError(.busy, "'\(name.text)' is in use", hint: "leave that directory and end those programs") }
            for repo in old.repos where repo.isReadOnly { try CheckoutProtection(top: "\(tree)/\(repo.path)", umask: old.umask).release() }
            let format = try maker.makeUpper(directory, umask: old.umask)
            record.upper = .init(format)
            record.repos = try old.repos.map { repo throws(WeaveError) in
                var repo = repo
                repo.baseKey = try maker.linkBase(try plan(repo), part: repo.part, directory, umask: old.umask)
                return repo
            }
            let lower = try serving.lower(record)
            let reading = UpperImport(lower: lower, format: format)
            try system("read the checkout of '\(name.text)'", at: reading.position) { () throws(Errno) in
                let from = OwnedDescriptor(try Files.open(tree, OpenFlags.directory)), to = OwnedDescriptor(try Files.open(directory + "/upper", OpenFlags.directory))
                try reading.read(from.descriptor, into: to.descriptor)
                try to.descriptor.syncFileSystem()
            }
            if let changed = record.repos.first(where: { $0.isReadOnly && Files.exists("\(directory)/upper/\($0.path)") }) {
                throw WeaveError(.dirty, "\(changed.path) has the role 'reference', but something was changed in its checkout",
                                 hint: "put it back as it was ('git -C \(changed.path) diff' says what), or keep the engine 'checkout'")
            }
            return record
        }
    }

    /// A repo of the record as it was planned when it was made.
    private func plan(_ repo: WorkweaveRecord.Repo) throws(WeaveError) -> ViewPlan.Repo {
        let clone = weave.root + "/" + repo.path
        let commit = try git { () throws(GitError) in
            guard let id = ObjectID(hex: repo.base) else { throw GitError(.notFound, "\(repo.path) has no base '\(repo.base)'") }
            return try Repository(opening: clone).commit(id)
        }
        return ViewPlan.Repo(path: repo.path, clone: clone, commit: commit, branch: repo.branch, isReadOnly: repo.isReadOnly, isProject: repo.isProject)
    }

    // MARK: Either

    /// The other form, the record, and what does not count any more. - Parameter make: gives the record its last words.
    private func changing(_ old: WorkweaveRecord, _ name: WorkweaveName, _ make: () throws(WeaveError) -> WorkweaveRecord) throws(WeaveError) -> WorkweaveRecord {
        let directory = weave.state(of: name)
        do throws(WeaveError) {
            try removeOther(old)
            try make().write(directory)
        } catch {
            // An error of the last step may have come after it was done.
            if let now = try? WorkweaveRecord.read(directory) { try? finish(now) }
            throw error
        }
        guard let record = try WorkweaveRecord.read(directory) else { throw WeaveError(.failed, "the record of '\(name.text)' is gone") }
        try finish(record)
        return record
    }

    /// Writes down that a change begins. The journal stays until the kernel has been told as well: ``end(_:)``.
    func begin(_ record: WorkweaveRecord) throws(WeaveError) {
        try Journal(operation: .convert, name: record.name, repos: record.repos.map { Journal.Repo($0) }).write(weave.states + "/" + record.name)
    }

    func end(_ name: WorkweaveName) {
        let directory = weave.state(of: name)
        if let journal = try? Journal.read(directory), journal.operation == .convert || journal.operation == .sync { Journal.remove(directory) }
    }

    /// Brings git's files in line with the form that the record names, and removes the other one. May be done again.
    func finish(_ record: WorkweaveRecord) throws(WeaveError) {
        let directory = weave.states + "/" + record.name
        if record.engine == EngineKind.checkout.rawValue, !Files.exists(directory + "/checkout"), Files.exists("\(directory)/\(Self.aside)") {
            try system("move the checkout back") { () throws(Errno) in try Files.rename("\(directory)/\(Self.aside)", directory + "/checkout") }
        }
        try removeOther(record)
        for repo in record.repos {
            guard let admin = weave.worktree(record.name, of: repo.path), Files.isDirectory(admin) else { continue }
            let tops = [weave.workweaves + "/" + record.name, directory + "/checkout"].map { "\($0)/\(repo.path)" }
            let top = "\(weave.top(of: record))/\(repo.path)"
            let files = "\(directory)/\(record.engine == EngineKind.checkout.rawValue ? "checkout" : "upper")/\(repo.path)"
            try git { () throws(GitError) in
                try LinkedWorktree.setPath(admin, top)
                try SubmodulePaths(adminDirectory: admin, top: top, formerTops: tops, files: files).repair()
            }
        }
        if record.engine == EngineKind.checkout.rawValue { try record.protectCheckouts(below: directory + "/checkout", in: weave) }
    }

    /// Removes the form that the record does not name.
    private func removeOther(_ record: WorkweaveRecord) throws(WeaveError) {
        let directory = weave.states + "/" + record.name
        try system("remove what '\(record.name)' was") { () throws(Errno) in
            guard record.engine == EngineKind.checkout.rawValue else {
                for part in ["checkout", Self.aside] { try Files.removeTree("\(directory)/\(part)") }
                return
            }
            if Files.exists(directory + "/upper") {
                let upper = OwnedDescriptor(try Files.open(directory + "/upper", OpenFlags.directory))
                try removeMarks(below: upper.descriptor)
            }
            for part in Self.overlayParts { try Files.removeTree("\(directory)/\(part)") }
        }
    }
}

/// Runs `body`; its error says what was being done, and how far down.
private func system<R>(_ doing: String, at position: WalkPosition, _ body: () throws(Errno) -> R) throws(WeaveError) -> R {
    do throws(Errno) { return try body() } catch {
        if error == .invalid, !position.text.isEmpty {
            throw WeaveError(.unsupported, "\(position.text) means something else in an upper directory: a device 0/0, or attributes of overlayfs",
                             hint: "remove it, or keep the engine 'checkout'")
        }
        throw WeaveError(error, position.text.isEmpty ? doing : "\(doing), at \(position.text)")
    }
}
