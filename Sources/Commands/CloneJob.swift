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

    /// Clones. Blocks; may run beside others.
    /// - Parameter inspect: looks at the finished clone before it takes its place, and may refuse it by throwing.
    func run(_ output: Output, inspect: (String) throws -> Void = { _ in }) throws {
        try WritePlace.check(shown, below: root)
        output.progress("cloning \(shown) from \(url)")
        try UnfinishedWork.make(root + "/" + shown) { temporary in
            do throws(GitError) { try clone(temporary) } catch {
                throw CommandFailure("cannot clone \(shown): \(Self.said(error))", hint: error.hint ?? Self.hint(error, url))
            }
            try inspect(temporary)
        }
    }

    private func clone(_ target: String) throws(GitError) {
        switch version {
        case .standard: try GitProgram.clone(source, to: target)
        case .following(let name) where Self.mayBeRevision(name) || name.hasPrefix("heads/") || name.hasPrefix("tags/"):
            try GitProgram.clone(source, to: target)
            try Self.switchTo(Self.withoutKind(name), target, exactly: name.hasPrefix("tags/"))
        case .following(let name): try GitProgram.clone(source, to: target, options: .init(branch: name))
        case .exactly(let name):
            try GitProgram.clone(source, to: target)
            try Self.switchTo(name, target, exactly: true)
        }
    }

    /// The URL as git takes it. git runs elsewhere: a relative path of a manifest starts at the weave.
    private var source: String {
        if case .path(let path) = url.form, !path.hasPrefix("/") { return root + "/" + path }
        return url.text
    }

    /// Moves a clean working tree to a version; fetches a revision that no branch of the remote holds.
    static func switchTo(_ version: String, _ directory: String, exactly: Bool) throws(GitError) {
        guard exactly else { return try GitProgram.checkout(directory, version) }
        let repository = try Repository(opening: directory)
        let name = try repository.references.exists("refs/tags/\(version)") ? "refs/tags/\(version)" : version
        if (try? repository.resolveCommit(name)) == nil {
            do throws(GitError) { try GitProgram.fetch(directory, remote: "origin", references: [version]) } catch {
                throw GitError(.referenceMissing, "its remote has no '\(version)'", hint: "was it pushed? 'rwv lock' records what is there now", cause: said(error))
            }
        }
        let target: ObjectID
        if let known = try? repository.resolveCommit(name) { target = known } else {
            target = try Repository(opening: directory).resolveCommit(mayBeRevision(version) ? version : "FETCH_HEAD")
        }
        try GitProgram.run(["checkout", "--quiet", "--detach", target.hex], directory: directory).check("cannot check out \(version)")
    }

    /// Seven digits or more could be the name of a commit.
    static func mayBeRevision(_ text: String) -> Bool { (7...40).contains(text.utf8.count) && text.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit } }

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
        if text.contains("Remote branch") { return "the remote has no such branch or tag; correct the version in rwv.yaml" }
        if text.contains("could not read Username") || text.contains("Authentication failed") || text.contains("Permission denied") {
            return "see that git can log in: git ls-remote \(url)"
        }
        return "see whether git reaches it: git ls-remote \(url)"
    }
}
