package import Syscalls
package import Weave

/// What a client asks of a weave's server: one JSON object on one line, answered by one.
package enum Call: Codable, Sendable {
    /// Is anybody there, and of which version?
    case hello
    case create(CreateOptions)
    /// `force`: although the kernel has it mounted and it is in use.
    case delete(name: String, force: Bool)
    case sync(SyncOptions)
    /// Serves a workweave with another engine: "fuse", "kernel" or "checkout".
    case setEngine(name: String, engine: String)
    /// Whether a workweave can be handed out; mounts what it will lie upon, which must be there before the process has mounts of its own.
    case prepareHandOut(name: String)
    /// Lets go of a workweave's upper directory, so that a process has it for itself.
    case handOut(name: String, pid: Int32)
    /// What that process ran has ended: serves the workweave again, or answers who keeps it.
    case takeBack(name: String, pid: Int32)
    /// What `delete` and `list` want to know of workweaves; of one project, or of one name, or of all.
    case describe(project: String?, name: String?, withUsage: Bool)
    case mounts
    /// Shows a project at a directory, or switches the mount that is there.
    case mount(MountOptions)
    /// Takes a project mount away and registers it no more.
    case unmount(path: String, force: Bool)
    /// Switches a project mount.
    case activate(path: String, project: String)
    /// Mounts what is registered and not mounted; answers as `mounts` does.
    case up
    case down(force: Bool)
}

/// What carries out calls.
package typealias CallService = @Sendable (Call) throws(WeaveError) -> Answer

package struct CreateOptions: Codable, Sendable {
    package var project: String
    /// Nil: choose one.
    package var name: String?
    /// Base every repo on rwv.lock.
    package var locked: Bool
    /// Base these repos on these revisions.
    package var revisions: [String: String]
    /// "auto", "fuse", "kernel" or "checkout".
    package var engine: String
    /// The creator's umask.
    package var umask: UInt32
    package init(project: String, name: String?, locked: Bool = false, revisions: [String: String] = [:], engine: String = "auto", umask: UInt32) {
        self.project = project
        self.name = name
        self.locked = locked
        self.revisions = revisions
        self.engine = engine
        self.umask = umask
    }
}

package struct MountOptions: Codable, Sendable {
    package var project: String
    /// The mount point, canonical: looked at by the client, since the server must not touch what it serves itself.
    package var path: String
    package var showsAll: Bool
    /// As for `-o` (fuse(8)).
    package var options: [String]
    /// The permissions of the directory before it is mounted on.
    package var modeBelow: UInt32
    /// Where to mount it instead, when whoever touches `path` would wait for this very mount (autofs): the caller takes it from there to `path`.
    package var place: String?
    package init(project: String, path: String, showsAll: Bool, options: [String], modeBelow: UInt32, place: String? = nil) {
        self.place = place
        self.project = project
        self.path = path
        self.showsAll = showsAll
        self.options = options
        self.modeBelow = modeBelow
    }
}

package struct SyncOptions: Codable, Sendable {
    package var name: String
    /// Repos that may be taken out: the caller has looked, and nothing would be lost.
    package var removable: [String]
    /// When the caller began to look, by the clock of the disk.
    package var since: Timestamp
    package init(name: String, removable: [String], since: Timestamp) {
        self.name = name
        self.removable = removable
        self.since = since
    }
}

/// The server's answer.
package enum Answer: Codable, Sendable {
    case hello(version: String, pid: Int32)
    case done
    /// Processes that still have a workweave for themselves.
    case stillUsed(by: [Int32])
    case created(name: String, path: String, engine: String)
    case synced(SyncReport)
    case workweaves([WorkweaveInfo])
    case mounts([MountInfo])
    /// The permissions that the directory below had.
    case unmounted(modeBelow: UInt32)
    case failed(WeaveError)
}

package struct SyncReport: Codable, Sendable {
    package var added: [String]
    package var removed: [String]
    /// Listed no more, but not in `removable`.
    package var kept: [String]
    /// Listed no more and removable, but changed since the caller looked, or (checkout) in use.
    package var changing: [String]
    package init(added: [String], removed: [String], kept: [String], changing: [String]) {
        self.added = added
        self.removed = removed
        self.kept = kept
        self.changing = changing
    }
}

/// A workweave, for `list --json` and for the checks before a delete.
package struct WorkweaveInfo: Codable, Sendable {
    package struct Repo: Codable, Sendable {
        package var path: String
        /// The ephemeral branch, short.
        package var branch: String
        /// The commit it was made on, 40 hexadecimal digits.
        package var base: String
        /// Whether anything of it may differ from the base: a file in upper, its index, its HEAD or its branch.
        package var isTouched: Bool
        package init(path: String, branch: String, base: String, isTouched: Bool) {
            self.path = path
            self.branch = branch
            self.base = base
            self.isTouched = isTouched
        }
    }
    package var name: String
    package var project: String
    package var path: String
    package var engine: String
    /// Why the kernel's overlayfs does not show it, where that is not for everybody's choice: of engine `fuse` alone.
    package var engineReason: String?
    package var repos: [Repo]
    /// Files and links in upper, with whiteouts; nil when not asked for.
    package var changedFiles: Int?
    /// Bytes in upper; nil when not asked for.
    package var upperBytes: UInt64?
    /// The processes that have it for themselves (`rwv exec --fast`); nil or empty when it is shared.
    package var inUseBy: [Int32]?
    package init(name: String, project: String, path: String, engine: String, repos: [Repo], changedFiles: Int?, upperBytes: UInt64?) {
        self.name = name
        self.project = project
        self.path = path
        self.engine = engine
        self.repos = repos
        self.changedFiles = changedFiles
        self.upperBytes = upperBytes
    }
}

/// A mount, for `rwv mounts --json`.
package struct MountInfo: Codable, Sendable {
    package var kind: String
    package var path: String
    /// The workweave or project; nil for the mount that holds all workweaves.
    package var name: String?
    package var project: String?
    package var engine: String
    /// "served", "stale" (a project as it was, see `problem`), "in use" (by who has it for himself, see `problem`), "changing", "failed", "down".
    package var state: String
    /// Why a project mount does not show what the manifest says, or a workweave is not shown as usual.
    package var problem: String?
    /// Requests served since the server started, by operation.
    package var counters: [String: UInt64]?
    package init(kind: String, path: String, name: String?, project: String?, engine: String, state: String, problem: String? = nil, counters: [String: UInt64]?) {
        self.kind = kind
        self.path = path
        self.name = name
        self.project = project
        self.engine = engine
        self.state = state
        self.problem = problem
        self.counters = counters
    }
}

extension MountInfo {
    /// One whose registration cannot be read.
    package init(_ damaged: DamagedMount) {
        self.init(kind: "project", path: damaged.path ?? damaged.file, name: nil, project: damaged.project, engine: "fuse", state: "failed",
                  problem: damaged.error.sentence, counters: nil)
    }
}

/// The first thing on a connection, from the client. The server answers calls of its own protocol number only.
package struct Envelope: Codable, Sendable {
    package var version: String
    package var protocolNumber: Int
    package var call: Call
    /// The client's, `NAME=value` for each variable: what is done for it is done with its configuration of git, its HOME, its PATH.
    package var environment: [String]?
    package init(version: String, call: Call, environment: [String]?) {
        self.version = version
        self.environment = environment
        protocolNumber = Self.currentProtocol
        self.call = call
    }
    package static let currentProtocol = 5
}
