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
        /// Leaves the working tree empty, for a checkout to come.
        package var withoutCheckout = false
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
        // From a path git would copy everything, whatever else is asked for.
        if options.depth != nil || options.filter != nil { arguments.append("--no-local") }
        if let reference = options.reference { arguments.append("--reference-if-able=\(reference)") }
        if options.withoutCheckout { arguments.append("--no-checkout") }
        let outcome = try run(arguments + ["--", url, path], directory: "/", showProgress: showProgress)
        if !outcome.succeeded { try? Files.removeTree(path) }
        try outcome.check("cannot clone \(url)")
    }

    /// git fetch from one remote, or from the one the current branch follows. `depth`: commits of history.
    package static func fetch(_ directory: String, remote: String? = nil, references: [String] = [], tags: Bool = false, depth: Int? = nil,
                              showProgress: Bool = false) throws(GitError) {
        var arguments = ["fetch", showProgress ? "--progress" : "--quiet"]
        if tags { arguments.append("--tags") }
        if let depth { arguments.append("--depth=\(depth)") }
        if let remote { arguments += ["--", remote] + references }
        try run(arguments, directory: directory, showProgress: showProgress).check("cannot fetch in \(directory)")
    }

    /// git checkout of a branch, tag or commit; git refuses where it would overwrite local changes.
    package static func checkout(_ directory: String, _ version: String) throws(GitError) {
        guard !version.hasPrefix("-") else { throw GitError(.invalidName, "\(version) is not a version") }
        try run(["checkout", "--quiet", version, "--"], directory: directory).check("cannot check out \(version) in \(directory)")
    }
}
