internal import CGit2
internal import Syscalls

/// The references of a clone. Safe with any number of creators at once, in this process and others: only the
/// reference's own lock file is taken, never config.lock.
package struct References {
    let repository: Repository

    /// The object that a full reference name leads to, through symbolic references; nil when there is none.
    package func read(_ name: String) throws(GitError) -> ObjectID? {
        var oid = git_oid()
        let result = unsafe git_reference_name_to_id(&oid, repository.pointer, name)
        if result == GIT_ENOTFOUND.rawValue || result == GIT_EINVALIDSPEC.rawValue { return nil }
        try git(result, "cannot read \(name) in \(repository.commonDirectory)")
        return ObjectID(oid)
    }

    package func exists(_ name: String) throws(GitError) -> Bool { try read(name) != nil }

    /// Full names with the objects they hold directly (tags not peeled), in order of name. `prefix` such as `refs/heads/`.
    package func list(_ prefix: String = "refs/") throws(GitError) -> [(name: String, target: ObjectID)] {
        var all: [(name: String, target: ObjectID)] = []
        try unsafe each(prefix) { (reference) throws(GitError) -> Void in
            guard let name = unsafe git_reference_name(reference) else { return }
            let text = unsafe String(cString: name)
            if let target = unsafe git_reference_target(reference) {
                all.append((text, unsafe ObjectID(target.pointee)))
            } else if let target = try read(text) { all.append((text, target)) }
        }
        return all.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Creates `name` (in full) at `target`; `message` goes to its log (git_reference_create_matching).
    /// - Throws: exists; referenceConflict when a reference that is a directory of this one, or below it, is in the way;
    ///   invalidName; objectMissing; locked.
    package func create(_ name: String, at target: ObjectID, message: String) throws(GitError) {
        var oid = target.oid, nothing = git_oid()
        try retrying(name) { () throws(GitError) -> Void in
            var made: OpaquePointer?
            // The zero id: must not exist, checked again under the lock.
            let result = unsafe git_reference_create_matching(&made, repository.pointer, name, &oid, 0, &nothing, message)
            if result >= 0 { unsafe git_reference_free(made); return }
            if result == GIT_EMODIFIED.rawValue || result == GIT_EEXISTS.rawValue {
                throw GitError(.exists, "\(name) exists already in \(repository.commonDirectory)")
            }
            let error = GitError(libgit2: result, "cannot create \(name) in \(repository.commonDirectory)")
            if let other = try conflicting(name) {
                throw GitError(.referenceConflict, "\(name) cannot be created while \(other) exists",
                               hint: "git keeps references as files, and a file cannot be a directory; use another name", cause: error.cause)
            }
            throw error
        }
    }

    /// Deletes `name`. With `onlyIfAt`, only if it still holds this object. Returns false when there is no such reference.
    /// A packed reference is deleted by `git update-ref -d`: libgit2 1.5 rewrites packed-refs from what it read before it locked.
    /// - Throws: changed.
    @discardableResult
    package func delete(_ name: String, onlyIfAt expected: ObjectID? = nil) throws(GitError) -> Bool {
        guard let now = try read(name) else { return false }
        if let expected, now != expected { throw Self.changed(name) }
        if try isPacked(name) {
            let outcome = try GitProgram.run(["--git-dir", repository.commonDirectory, "update-ref", "--no-deref", "-d", name, now.hex],
                                             directory: repository.commonDirectory)
            try outcome.check("cannot delete \(name) in \(repository.commonDirectory)")
            return true
        }
        return try retrying(name) { () throws(GitError) -> Bool in
            var reference: OpaquePointer?
            let found = unsafe git_reference_lookup(&reference, repository.pointer, name)
            if found == GIT_ENOTFOUND.rawValue { return false }
            try git(found, "cannot read \(name)")
            defer { unsafe git_reference_free(reference) }
            if let expected, let id = unsafe git_reference_target(reference), unsafe ObjectID(id.pointee) != expected { throw Self.changed(name) }
            let result = unsafe git_reference_delete(reference)
            if result == GIT_EMODIFIED.rawValue { throw Self.changed(name) }
            if result == GIT_ENOTFOUND.rawValue { return false }
            try git(result, "cannot delete \(name) in \(repository.commonDirectory)")
            return true
        }
    }

    /// The reference that keeps `name` from being created: one of its leading directories, or one below it.
    package func conflicting(_ name: String) throws(GitError) -> String? {
        var end = name.lastIndex(of: "/")
        while let slash = end, slash > name.startIndex {
            let above = String(name[..<slash])
            if above.hasPrefix("refs/"), try exists(above) { return above }
            end = above.lastIndex(of: "/")
        }
        return try list(name + "/").first?.name
    }

    private static func changed(_ name: String) -> GitError { GitError(.changed, "\(name) has moved meanwhile") }

    private func isPacked(_ name: String) throws(GitError) -> Bool {
        let path = repository.commonDirectory + "/packed-refs"
        let packed = try onDisk("cannot read \(path)") { () throws(Errno) in try Files.readIfExists(path) ?? [] }
        return packed.split(separator: UInt8(ascii: "\n")).contains { $0.dropFirst(41).elementsEqual(name.utf8) }
    }

    /// Runs `body` again while the reference is locked by another, or a directory of its path comes and goes, for up to two seconds.
    private func retrying<R>(_ name: String, _ body: () throws(GitError) -> R) throws(GitError) -> R {
        var left = 100
        while true {
            do throws(GitError) { return try body() } catch {
                guard error.code == .locked || error.code == .other || error.code == .objectMissing && left > 95, left > 0 else { throw error }
                left -= error.code == .locked ? 1 : 20
                Thread.sleep(milliseconds: 20)
            }
        }
    }

    func each(_ prefix: String, _ body: (OpaquePointer) throws(GitError) -> Void) throws(GitError) {
        var iterator: OpaquePointer?
        let pattern = prefix + (prefix.hasSuffix("/") ? "*" : "")
        try git(unsafe git_reference_iterator_glob_new(&iterator, repository.pointer, pattern), "cannot list \(prefix)")
        defer { unsafe git_reference_iterator_free(iterator) }
        while true {
            var reference: OpaquePointer?
            let result = unsafe git_reference_next(&reference, iterator)
            if result == GIT_ITEROVER.rawValue { return }
            if result == GIT_ENOTFOUND.rawValue { continue }
            try git(result, "cannot list \(prefix) in \(repository.commonDirectory)")
            defer { unsafe git_reference_free(reference) }
            if let reference = unsafe reference { try unsafe body(reference) }
        }
    }
}

extension Repository {
    package var references: References { References(repository: self) }

    /// Names of the tags (without `refs/tags/`) on a commit, annotated or not, in order of name, as `git tag --points-at`.
    package func tagsPointing(at commit: ObjectID) throws(GitError) -> [String] {
        var names: [String] = []
        try unsafe references.each("refs/tags/") { (reference) throws(GitError) -> Void in
            guard let target = unsafe git_reference_target(reference), let name = unsafe git_reference_name(reference) else { return }
            var oid = unsafe target.pointee
            if ObjectID(oid) != commit {
                if let peeled = unsafe git_reference_target_peel(reference), unsafe ObjectID(peeled.pointee) != commit { return }
                var tag: OpaquePointer?
                guard unsafe git_tag_lookup(&tag, pointer, &oid) >= 0 else { return }
                defer { unsafe git_tag_free(tag) }
                guard let tagged = unsafe git_tag_target_id(tag), unsafe ObjectID(tagged.pointee) == commit else { return }
            }
            names.append(String(unsafe String(cString: name).dropFirst("refs/tags/".count)))
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
