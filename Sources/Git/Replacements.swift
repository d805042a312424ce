extension Repository {
    /// What a checkout of a commit would take from a replacement (refs/replace/, git-replace(1)), which libgit2 does not look at: "commit 0123456789", say.
    /// Nil when it shows what the commit itself says. Cheap in a clone without replacements; else it reads all trees of the commit.
    package func replacement(in commit: Commit) throws(GitError) -> String? {
        let prefix = "refs/replace/"
        guard try configuration.get().bool("core.usereplacerefs", true) else { return nil }
        var replaced: [ObjectID: ObjectID] = [:]
        for reference in try references.list(prefix) {
            if let id = ObjectID(hex: reference.name.dropFirst(prefix.count)) { replaced[id] = reference.target }
        }
        if replaced.isEmpty { return nil }
        var last = commit.id
        while let next = replaced.removeValue(forKey: last) { last = next }
        // Most often only the parents are others.
        if last != commit.id, try self.commit(last).tree != commit.tree { return "commit \(commit.id.short)" }
        if replaced[commit.tree] != nil { return "its tree \(commit.tree.short)" }
        let listing = try TreeListing(self, tree: commit.tree)
        guard let found = listing.entries.indices.first(where: { replaced[listing.entries[$0].oid] != nil && !listing.entries[$0].isGitlink }) else { return nil }
        return listing.text(found)
    }
}
