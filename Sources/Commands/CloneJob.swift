internal import Git
internal import Manifest
internal import Syscalls
internal import Weave

/// A clone to be made: complete at its path, or not there at all.
struct CloneJob: Sendable {
    /// The revision that the new clone is to stand on.
    enum Version: Sendable {
        /// The remote's default branch.
        case standard
        /// A branch, tag or revision, as a manifest says; a branch becomes a local one that follows the remote's.
        case following(String)
        /// A tag or a revision, as a lock says: HEAD is detached on it.
        case exactly(String)
    }
    let url: RemoteURL
    /// The weave.
    let root: String
    /// Where it goes, relative to the weave; what messages call it.
    let shown: String
    var version = Version.standard
    /// Depth, filter and reference for git.
    var options = GitProgram.CloneOptions()

    /// Clones. Blocks; may run beside others.
    /// - Parameter inspect: looks at the finished clone before it takes its place, and may refuse it by throwing.
    /// - Returns: false when something else took that place meanwhile, such as the clone of another rwv; what was cloned is gone then.
    func run(_ output: Output, inspect: (String) throws -> Void = { _ in }) throws -> Bool {
        try WritePlace.check(shown, below: root)
        output.progress("cloning \(shown) from \(url)")
        return try UnfinishedWork.makeUnlessTaken(root + "/" + shown) { temporary in
            do throws(GitError) { try clone(temporary) } catch {
                throw CommandFailure("cannot clone \(shown): \(Self.said(error))", hint: error.hint ?? Self.hint(error, url))
            }
            try inspect(temporary)
        }
    }

    private func clone(_ target: String) throws(GitError) {
        var options = options
        switch version {
        case .standard: try GitProgram.clone(source, to: target, options: options)
        case .following(let name) where !Self.mayBeRevision(name) && !name.hasPrefix("tags/"):
            options.branch = Self.withoutKind(name)
            try GitProgram.clone(source, to: target, options: options)
            if name.hasPrefix("heads/") { try Self.checkBranch(target, Self.withoutKind(name)) }
        case .following(let name) where options.depth != nil && !name.hasPrefix("tags/") && !Self.isRevision(name):
            try cloneShallow(target, options, name)
        case .following(let name):
            options.withoutCheckout = true
            try GitProgram.clone(source, to: target, options: options)
            let isTag = name.hasPrefix("tags/")
            try Self.switchTo(Self.withoutKind(name), target, exactly: isTag || Self.isRevision(name), isTag: isTag, depth: options.depth)
        case .exactly(let name):
            options.withoutCheckout = true
            try GitProgram.clone(source, to: target, options: options)
            try Self.switchTo(name, target, exactly: true, depth: options.depth)
        }
    }

    /// git takes a tag for a branch where there is only the tag; HEAD is detached then.
    private static func checkBranch(_ target: String, _ name: String) throws(GitError) {
        guard try Repository(opening: target).head().isDetached else { return }
        throw GitError(.referenceMissing, "its remote has no branch '\(name)'", hint: "the remote has a tag of that name: write tags/\(name) in rwv.yaml")
    }

    /// A name that may be a shortened revision, which a remote cannot be asked for.
    private func cloneShallow(_ target: String, _ options: GitProgram.CloneOptions, _ name: String) throws(GitError) {
        var options = options
        options.branch = name
        do throws(GitError) { try GitProgram.clone(source, to: target, options: options) } catch {
            guard error.cause?.contains("Remote branch") == true else { throw error }
            throw GitError(.referenceMissing, "its remote has no branch or tag '\(name)', and no shortened revision can be found with --depth",
                           hint: "write all 40 digits of the revision in the manifest, or leave --depth out")
        }
    }

    /// The URL as git takes it. git runs elsewhere: a relative path of a manifest starts at the weave.
    private var source: String {
        if case .path(let path) = url.form, !path.hasPrefix("/") { return root + "/" + path }
        return url.text
    }

    /// The repository that stands at the job's place.
    /// - Throws: with what to do when something else stands there.
    func existing() throws -> Repository {
        do throws(GitError) { return try Repository(opening: root + "/" + shown) } catch {
            guard error.code == .notARepository || error.code == .notFound else { throw error }
            throw CommandFailure("\(shown) is there already, and is no git repository", hint: "move it away, then run the command again")
        }
    }

    /// Whether a remote's URL, as the clone at the job's place has it, means what the job would clone; as git rewrites both where
    /// it is configured to (`url.BASE.insteadOf`).
    func isSource(_ origin: String) -> Bool {
        func isSame(_ a: String, _ b: String) -> Bool {
            guard let a = try? RemoteURL(Self.resolved(a)), let b = try? RemoteURL(Self.resolved(b)) else { return false }
            return a.isSameRepository(as: b)
        }
        func rewritten(_ url: String) -> String? {
            guard let outcome = try? GitProgram.run(["ls-remote", "--get-url", "--", url], directory: root + "/" + shown), outcome.succeeded else { return nil }
            return String(outcome.outputText.prefix { $0 != "\n" })
        }
        if isSame(origin, source) { return true }
        guard let origin = rewritten(origin), let own = rewritten(source) else { return false }
        return isSame(origin, own)
    }

    /// A URL with a path on this disk as its real one.
    private static func resolved(_ url: String) -> String {
        guard url.hasPrefix("/"), let real = try? Files.canonical(url) else { return url }
        return real
    }

    /// Moves a clean working tree to a version; fetches a revision that no branch of the remote holds, and in a shallow clone a tag.
    /// - Parameters:
    ///   - isTag: nothing but a tag is meant.
    ///   - depth: commits of history to fetch; in a shallow clone one unless said.
    static func switchTo(_ version: String, _ directory: String, exactly: Bool, isTag: Bool = false, depth: Int? = nil) throws(GitError) {
        guard exactly else { return try switchFreely(version, directory) }
        var repository = try Repository(opening: directory)
        let isRevision = isRevision(version) && !isTag
        if known(version, repository, isTag) == nil {
            let tag = "refs/tags/\(version)"
            do throws(GitError) {
                try GitProgram.fetch(directory, remote: "origin", references: [isRevision ? version : "+\(tag):\(tag)"],
                                     depth: depth ?? (repository.isShallow ? 1 : nil))
            } catch {
                throw missing(version, error, isTag)
            }
            repository = try Repository(opening: directory)
        }
        guard let target = known(version, repository, isTag) else { throw missing(version, nil, isTag) }
        try GitProgram.run(["checkout", "--quiet", "--detach", target.hex], directory: directory).check("cannot check out \(version)")
    }

    /// A branch, which becomes a local one, a tag or a shortened revision.
    private static func switchFreely(_ version: String, _ directory: String) throws(GitError) {
        do throws(GitError) { try GitProgram.checkout(directory, version) } catch { throw missing(version, error) }
    }

    /// That a remote has not what is wanted; or the error itself, where git says something else.
    private static func missing(_ version: String, _ error: GitError?, _ isTag: Bool = false) -> GitError {
        let words = ["not our ref", "find remote ref", "unadvertised object", "nvalid refspec", "invalid reference", "did not match any"]
        if let error, !words.contains(where: { error.cause?.contains($0) == true }) { return error }
        return GitError(.referenceMissing, "its remote has no \(isTag ? "tag " : "")'\(version)'", hint: "was it pushed, and is it spelled so? 'rwv lock' records what is there now")
    }

    /// The commit that a tag or, unless `isTag`, a revision means in a clone; nil if it is not there.
    private static func known(_ version: String, _ repository: Repository, _ isTag: Bool) -> ObjectID? {
        let tag = "refs/tags/\(version)"
        return try? repository.resolveCommit(isTag || (try? repository.references.exists(tag)) == true ? tag : version)
    }

    /// Seven digits or more could be the name of a commit.
    static func mayBeRevision(_ text: String) -> Bool { (7...40).contains(text.utf8.count) && text.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit } }

    /// The whole name of a commit.
    private static func isRevision(_ text: String) -> Bool { text.utf8.count == 40 && mayBeRevision(text) }

    /// vcstool's `heads/x` and `tags/x`.
    private static func withoutKind(_ name: String) -> String {
        for kind in ["heads/", "tags/"] where name.hasPrefix(kind) { return String(name.dropFirst(kind.count)) }
        return name
    }

    /// git's own words without its prefixes, on one line.
    static func said(_ error: GitError) -> String {
        let lines = (error.cause ?? error.message).split(separator: "\n").map { line in
            line.hasPrefix("fatal: ") ? line.dropFirst(7) : line.hasPrefix("error: ") ? line.dropFirst(7) : line
        }
        let useful = lines.filter { line in !line.isEmpty && !boilerplate.contains { line.hasPrefix($0) } }
        return (useful.isEmpty ? lines : useful).joined(separator: "; ")
    }

    /// What git adds to every failure of a remote.
    private static let boilerplate = ["Could not read from remote repository.", "Please make sure you have the correct access rights", "and the repository exists."]

    private static func hint(_ error: GitError, _ url: RemoteURL) -> String? {
        let text = error.cause ?? ""
        if text.contains("\(Errno.noSpace)") || text.contains("Disk quota exceeded") { return "free some space on that disk" }
        if text.contains("Remote branch") { return "the remote has no such branch or tag; correct the version in rwv.yaml" }
        if error.code == .programMissing { return nil }
        if text.contains("could not read Username") || text.contains("Authentication failed") || text.contains("Permission denied") {
            return "see that git can log in: git ls-remote \(url)"
        }
        return "see whether git reaches it: git ls-remote \(url)"
    }
}
