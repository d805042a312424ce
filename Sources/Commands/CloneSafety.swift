internal import Git

/// What would be lost with a clone.
enum CloneSafety {
    /// Reasons, each to complete "PATH …": uncommitted changes, commits that no remote has, stashes.
    static func reasonsToKeep(_ clone: String) throws -> [String] {
        let repository = try Repository(opening: clone)
        var reasons: [String] = []
        let changes = try Status.changeCount(clone)
        if changes > 0 { reasons.append("has \(counted(changes, "uncommitted change"))") }
        let unpushed = try GitProgram.run(["rev-list", "--count", "--branches", "--tags", "HEAD", "--not", "--remotes"], directory: clone)
        if try repository.head().commit != nil || !repository.references.list("refs/heads/").isEmpty {
            let count = Int(unpushed.outputText.prefix { $0.isNumber }) ?? 0
            if !unpushed.succeeded || count > 0 { reasons.append("has \(counted(count, "commit")) that no remote has") }
        }
        if try repository.references.exists("refs/stash") { reasons.append("has stashed changes") }
        return reasons
    }
}
