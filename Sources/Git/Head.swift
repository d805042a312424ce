internal import CGit2
internal import Syscalls

/// Where a working tree stands.
package struct Head: Sendable, Hashable {
    /// Nil while the branch has no commit (an empty repository).
    package let commit: ObjectID?
    /// The branch without `refs/heads/`; nil when detached.
    package let branch: String?
    package var isDetached: Bool { branch == nil }
}

/// The parts of a commit that we use.
package struct Commit: Sendable, Hashable {
    package let id: ObjectID
    package let tree: ObjectID
    package let parents: [ObjectID]
    /// When it was committed, in seconds since the epoch.
    package let time: Int64
    /// The first paragraph of its message on one line.
    package let summary: String
}

extension Repository {
    /// HEAD of this working tree (git_reference_lookup, git_reference_name_to_id).
    /// - Throws: invalidName for a branch whose name is not UTF-8.
    package func head() throws(GitError) -> Head {
        var reference: OpaquePointer?
        try git(unsafe git_reference_lookup(&reference, pointer, "HEAD"), "cannot read HEAD of \(gitDirectory)")
        defer { unsafe git_reference_free(reference) }
        if let id = unsafe git_reference_target(reference) { return Head(commit: unsafe ObjectID(id.pointee), branch: nil) }
        guard let target = unsafe git_reference_symbolic_target(reference) else {
            throw GitError(.damaged, "HEAD of \(gitDirectory) names nothing")
        }
        guard let name = unsafe String(validatingCString: target) else {
            let directory = workingDirectory ?? gitDirectory
            throw GitError(.invalidName, "the branch of \(directory) has a name that is not UTF-8: \(unsafe Self.escaped(target))",
                           hint: "give it another name: git -C \(directory) branch -m NEW")
        }
        let branch = name.hasPrefix("refs/heads/") ? String(name.dropFirst("refs/heads/".count)) : name
        return Head(commit: try references.read(name), branch: branch)
    }

    /// A branch's name with what is not ASCII as `\xE9`.
    private static func escaped(_ name: UnsafePointer<CChar>) -> String {
        var text = "", at = unsafe name
        while unsafe at.pointee != 0 {
            let byte = unsafe UInt8(bitPattern: at.pointee)
            text += byte < 0x80 ? String(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16)
            unsafe at += 1
        }
        return text.hasPrefix("refs/heads/") ? String(text.dropFirst("refs/heads/".count)) : text
    }

    /// Whether HEAD was put where it is by a clone, checkout or reset, and not by a commit: what git's log of HEAD says last. False where there is none.
    package var cameByCheckout: Bool {
        guard let log = try? Files.read(gitDirectory + "/logs/HEAD"), let line = log.split(separator: UInt8(ascii: "\n")).last,
              let tab = line.firstIndex(of: UInt8(ascii: "\t")) else { return false }
        return ["checkout: ", "clone: ", "reset: "].contains { line[(tab + 1)...].starts(with: $0.utf8) }
    }

    /// The commit that a revision names: hash, branch, tag, `HEAD~2`, … (git_revparse_single, peeled).
    /// - Throws: referenceMissing.
    package func resolveCommit(_ revision: String) throws(GitError) -> ObjectID {
        let missing = GitError(.referenceMissing, "\(revision) names no commit in \(workingDirectory ?? gitDirectory)")
        if revision.isEmpty || revision.hasPrefix("-") { throw missing }
        var object: OpaquePointer?
        guard unsafe git_revparse_single(&object, pointer, revision) >= 0 else { throw missing }
        defer { unsafe git_object_free(object) }
        var commit: OpaquePointer?
        guard unsafe git_object_peel(&commit, object, GIT_OBJECT_COMMIT) >= 0 else { throw missing }
        defer { unsafe git_object_free(commit) }
        guard let id = unsafe git_object_id(commit) else { throw missing }
        return unsafe ObjectID(id.pointee)
    }

    /// - Throws: objectMissing when there is no such commit.
    package func commit(_ id: ObjectID) throws(GitError) -> Commit {
        var commit: OpaquePointer?
        var oid = id.oid
        try git(unsafe git_commit_lookup(&commit, pointer, &oid), "cannot read commit \(id.short)")
        defer { unsafe git_commit_free(commit) }
        guard let tree = unsafe git_commit_tree_id(commit) else { throw GitError(.damaged, "commit \(id.short) has no tree") }
        var parents: [ObjectID] = []
        for i in 0..<(unsafe git_commit_parentcount(commit)) {
            if let parent = unsafe git_commit_parent_id(commit, i) { parents.append(unsafe ObjectID(parent.pointee)) }
        }
        let summary = unsafe git_commit_summary(commit).map { unsafe String(cString: $0) } ?? ""
        return Commit(id: id, tree: unsafe ObjectID(tree.pointee), parents: parents,
                      time: unsafe git_commit_time(commit), summary: summary)
    }
}
