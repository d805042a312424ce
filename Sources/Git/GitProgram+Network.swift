internal import Syscalls

extension GitProgram {
    package struct CloneOptions: Sendable {
        package var branch: String?
        /// Commits of history.
        package var depth: Int?
        /// A partial clone's filter, such as `blob:none`.
        package var filter: String?
        /// A repository on this disk to take objects from.
        package var reference: String?
        package init(branch: String? = nil, depth: Int? = nil, filter: String? = nil, reference: String? = nil) {
            self.branch = branch
            self.depth = depth
            self.filter = filter
            self.reference = reference
        }
    }

    /// git clone. Nothing is left at `path` when it fails.
    /// - Throws: exists when `path` does; programFailed with git's words.
    package static func clone(_ url: String, to path: String, options: CloneOptions = .init(), showProgress: Bool = false) throws(GitError) {
        if Files.exists(path) { throw GitError(.exists, "\(path) exists already") }
        var arguments = ["clone", showProgress ? "--progress" : "--quiet"]
        if let branch = options.branch { arguments.append("--branch=\(branch)") }
        if let depth = options.depth { arguments.append("--depth=\(depth)") }
        if let filter = options.filter { arguments.append("--filter=\(filter)") }
        if let reference = options.reference { arguments.append("--reference-if-able=\(reference)") }
        let outcome = try run(arguments + ["--", url, path], directory: "/", showProgress: showProgress)
        if !outcome.succeeded { try? Files.removeTree(path) }
        try outcome.check("cannot clone \(url)")
    }

    /// git fetch from one remote, or from the one the current branch follows.
    package static func fetch(_ directory: String, remote: String? = nil, references: [String] = [], tags: Bool = false,
                              showProgress: Bool = false) throws(GitError) {
        var arguments = ["fetch", showProgress ? "--progress" : "--quiet"]
        if tags { arguments.append("--tags") }
        if let remote { arguments += ["--", remote] + references }
        try run(arguments, directory: directory, showProgress: showProgress).check("cannot fetch in \(directory)")
    }

    /// git checkout of a branch, tag or commit; git refuses where it would overwrite local changes.
    package static func checkout(_ directory: String, _ version: String) throws(GitError) {
        guard !version.hasPrefix("-") else { throw GitError(.invalidName, "\(version) is not a version") }
        try run(["checkout", "--quiet", version, "--"], directory: directory).check("cannot check out \(version) in \(directory)")
    }
}
