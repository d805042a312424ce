internal import Git
internal import Syscalls

/// What would be lost with a clone.
enum CloneSafety {
    /// Reasons, each to be put behind the clone's path: uncommitted changes, commits that no remote has, stashes, what its submodules hold.
    static func reasonsToKeep(_ clone: String) throws -> [String] {
        let repository = try Repository(opening: clone)
        var reasons: [String] = []
        if let top = repository.workingDirectory {
            let work = try TreeWork(repository.gitDirectory, top), changes = try work.changes().map(\.path)
            if !changes.isEmpty { reasons.append(" " + TreeWork.told(changes)) }
            reasons += try work.others()
        }
        let count = try unpushed(repository, clone)
        if count > 0 { reasons.append(" has \(counted(count, "commit")) that no remote has") }
        if try repository.references.exists("refs/stash") { reasons.append(" has stashed changes") }
        return reasons
    }

    /// How many commits references of the clone's own reach, and none that fetching or we have made.
    private static func unpushed(_ repository: Repository, _ clone: String) throws -> Int {
        if try repository.head().commit == nil, try repository.references.list().isEmpty { return 0 }
        let fetched = try fetchedPlaces(repository)
        let own = (fetched + ["refs/prefetch/*", "refs/rwv/*", "refs/stash"]).map { "--exclude=\($0)" }
        let outcome = try GitProgram.run(["rev-list", "--count"] + own + ["--all", "--ignore-missing", "HEAD", "--not", "--remotes"] + fetched.map { "--glob=\($0)" }, directory: clone)
        try outcome.check("cannot walk the history of \(clone)")
        return Int(outcome.outputText.prefix { $0.isNumber }) ?? 0
    }

    /// Where the remotes' references go (`remote.NAME.fetch`), as patterns: not branches or tags, which are everybody's.
    private static func fetchedPlaces(_ repository: Repository) throws -> [String] {
        let outcome = try GitProgram.run(["config", "--get-regexp", "^remote\\..*\\.fetch$"], directory: repository.gitDirectory)
        return outcome.outputText.split(separator: "\n").compactMap { line in
            guard let colon = line.lastIndex(of: ":") else { return nil }
            let place = String(line[line.index(after: colon)...])
            return place.hasPrefix("refs/") && !place.hasPrefix("refs/heads/") && !place.hasPrefix("refs/tags/") && !place.hasPrefix("refs/*") ? place : nil
        }
    }
}
