internal import JSONCoding
internal import Manifest
internal import Syscalls

/// A workweave that is handed out to one command (`rwv exec --fast`), which has the kernel's overlayfs on its upper directory in mounts of
/// its own. While it is, nobody else serves or changes that directory. `exclusive.json` in the state directory says so; it is written
/// before the server lets go, and removed when the server serves it again.
package struct ExclusiveUse: Codable, Sendable, Equatable {
    package static let fileName = "exclusive.json"
    /// overlayfs's own work directory, in the state directory; `work` is the fuse engine's.
    package static let workDirectory = "kernel-work"
    /// The file system type of such a mount.
    package static let mountType = "overlay"

    /// The run of the system that the ids are of.
    package var boot: String
    /// The command that it was handed out to.
    package var pid: Int32
    /// See ``ProcessFiles/start(of:)``.
    package var started: UInt64

    /// - Throws: `.notFound` when there is no such process.
    package init(of pid: Int32) throws(WeaveError) {
        guard let started = ProcessFiles.start(of: pid) else { throw WeaveError(.notFound, "process \(pid) is gone") }
        (boot, self.pid, self.started) = (ProcessFiles.boot, pid, started)
    }

    /// Reads the one in a state directory; nil when there is none. What cannot be read counts as one of another boot.
    package static func read(_ directory: String) throws(WeaveError) -> ExclusiveUse? {
        let path = directory + "/" + fileName
        guard let bytes = try system("read \(path)", { () throws(Errno) in try Files.readIfExists(path) }) else { return nil }
        return (try? JSONDecoder().decode(ExclusiveUse.self, from: bytes)) ?? ExclusiveUse(boot: "", pid: 0, started: 0)
    }

    private init(boot: String, pid: Int32, started: UInt64) { (self.boot, self.pid, self.started) = (boot, pid, started) }

    /// Writes it, atomically and durably.
    package func write(_ directory: String) throws(WeaveError) { try writeJSON(self, directory + "/" + Self.fileName) }

    package static func remove(_ directory: String) throws(WeaveError) {
        try system("remove \(directory)/\(fileName)") { () throws(Errno) in
            do throws(Errno) { try Files.unlink(directory + "/" + fileName) } catch where error == .notFound {}
        }
    }

    /// Whether the command itself still runs.
    package var isRunning: Bool { boot == ProcessFiles.boot && ProcessFiles.start(of: pid) == started }
}

extension Weave {
    /// The processes that have a workweave for themselves, or keep it from being served again: the command, whoever sees its mount, and
    /// whoever has something open in it. Empty when nobody does.
    package func exclusiveUsers(of name: String) throws(WeaveError) -> [Int32] {
        guard let use = try ExclusiveUse.read(states + "/" + name) else { return [] }
        if use.isRunning { return [use.pid] }
        if use.boot != ProcessFiles.boot { return [] }
        return lateUsers(of: name)
    }

    /// The same without the command itself.
    package func lateUsers(of name: String) -> [Int32] {
        let upper = "upperdir=\(fromBaseView("\(states)/\(name)"))/upper"
        let inside = Namespaces.processes { $0.type == ExclusiveUse.mountType && $0.source == root && $0.options.contains(upper) }
        if !inside.isEmpty { return inside }
        // Who has something of it from one of those, and not who was in it before: that is dead.
        return PlaceUsers.find(workweaves + "/" + name, notOn: MountTable.find(workweaves)?.device).map(\.pid)
    }

    /// A directory of our state, from the base view: so upper directories are mounted, and so the kernel tells of them.
    package func fromBaseView(_ directory: String) -> String { "../../" + directory.dropFirst(state.count + 1) }

    /// Whether this process is one of those that have it for themselves.
    package func isInside(_ name: String) -> Bool {
        guard Files.exists("\(states)/\(name)/\(ExclusiveUse.fileName)"), let mount = MountTable.find(workweaves + "/" + name) else { return false }
        return mount.type == ExclusiveUse.mountType && mount.source == root
    }

    /// - Throws: `.busy` when somebody else has the workweave for himself.
    package func requireShared(_ name: String) throws(WeaveError) {
        if isInside(name) { return }
        // Who may not look into the state directory has no use for the workweave either.
        let users = (try? exclusiveUsers(of: name)) ?? []
        if !users.isEmpty { throw Self.inUse(name, by: users) }
    }

    /// What is said of a workweave that somebody has for himself.
    package static func inUse(_ name: String, by users: [Int32]) -> WeaveError {
        WeaveError(.busy, "'\(name)' is \(inUse(by: users))", hint: "wait until that has ended, or work in another workweave")
    }

    package static func inUse(by users: [Int32]) -> String {
        let all = users.map { "process \($0) (\(ProcessFiles.name(of: $0)))" }.joined(separator: ", ")
        return "in use by 'rwv exec --fast'" + (all.isEmpty ? "" : ": \(all)")
    }
}
