internal import Syscalls

extension TreeListing {
    /// The same as ``init(_:tree:)``, with the trees that a partial clone (`--filter=tree:0`) lacks fetched by git, one after the other.
    package init(fetching repository: Repository, tree: ObjectID, timeout: Int? = nil) throws(GitError) {
        do throws(GitError) { self = try TreeListing(repository, tree: tree) } catch {
            guard error.code == .objectMissing, repository.isPartialClone else { throw error }
            try GitProgram.run(["--git-dir", repository.commonDirectory, "ls-tree", "-r", "-t", "-z", tree.hex], directory: repository.commonDirectory, timeout: timeout)
                .check("cannot fetch the trees that the partial clone \(repository.commonDirectory) lacks", hint: "see that the remote can be reached, or fetch without --filter")
            try repository.objects.refresh()
            self = try TreeListing(repository, tree: tree)
        }
    }
}

extension Repository {
    /// Fetches objects that a partial clone lacks, all in one go, as git itself does when it needs one.
    /// - Throws: objectMissing when this is no partial clone; programFailed with git's words when the remote does not give them.
    package func fetchPromised(_ ids: some Collection<ObjectID>, timeout: Int? = nil) throws(GitError) {
        guard !ids.isEmpty else { return }
        guard let remote = promisorRemote else {
            throw GitError(.objectMissing, "\(ids.count) objects of \(commonDirectory) are missing, the first is \(ids.first?.hex ?? "")",
                           hint: "git fsck")
        }
        let list = Array(ids.map(\.hex).joined(separator: "\n").utf8) + [UInt8(ascii: "\n")]
        let outcome = try GitProgram.run(
            ["--git-dir", commonDirectory, "-c", "fetch.negotiationAlgorithm=noop", "fetch", remote, "--no-tags",
             "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "--stdin"],
            directory: commonDirectory, input: list, timeout: timeout)
        try outcome.check("cannot fetch \(ids.count) objects that the partial clone \(commonDirectory) has left with \(remote)",
                          hint: "see that the remote can be reached, or fetch without --filter")
        try objects.refresh()
    }
}
