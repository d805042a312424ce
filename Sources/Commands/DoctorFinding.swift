/// One thing that is wrong with what serves a weave or with what it stands on.
struct DoctorFinding {
    /// For programs; stable.
    enum Kind: String {
        // Mounts.
        case deadMount = "dead-mount", foreignMount = "foreign-mount", notServed = "not-served", staleProject = "stale-project"
        case mountPoint = "mount-point", mountPointMode = "mount-point-mode", filesBelow = "files-below"
        // The server.
        case otherVersion = "other-version", unreachableServer = "unreachable-server", staleRunFiles = "stale-run-files"
        // State.
        case disk, stateFormat = "state-format", missingDirectories = "missing-directories", cacheFormat = "cache-format", damagedRecord = "damaged-record"
        case unfinished, movedWeave = "moved-weave", damagedBase = "damaged-base"
        // Worktrees.
        case clone, objectsMissing = "objects-missing", worktreeMissing = "worktree-missing", worktreePath = "worktree-path", worktreeUnlocked = "worktree-unlocked"
        case branchMissing = "branch-missing", baseReference = "base-reference", strayWorktree = "stray-worktree", strayReference = "stray-reference"
        // The machine.
        case device, helper, allowOther = "allow-other", mountLimit = "mount-limit", openFiles = "open-files", inotifyWatches = "inotify-watches"
    }

    /// What the server does after all repairs that are done by hand.
    enum Service: Int, Comparable {
        case nothing
        /// One is started, or serves what it does not yet.
        case serve
        /// The one that runs makes room for a new one, unless it is in use.
        case restart

        static func < (a: Service, b: Service) -> Bool { a.rawValue < b.rawValue }
    }

    let kind: Kind
    /// What it is found at: a path.
    let path: String
    let what: String
    /// Why it matters.
    let why: String
    /// What a person does about it.
    let fix: String
    /// What repairs it, if that is safe; says what it did.
    var repair: (() throws -> String)?
    /// What the server does to repair it.
    var service = Service.nothing

    var isRepairable: Bool { repair != nil || service != .nothing }
    /// Two looks at the same thing.
    func isSame(as other: DoctorFinding) -> Bool { kind == other.kind && path == other.path }
}
