internal import Fuse
internal import Layers
internal import Manifest
internal import Nodes
internal import Syscalls
internal import Weave

/// One project mount while it is served: what it shows now, and its switching to another project. Any thread.
final class ProjectMount: ProjectHandler.Source {
    private struct State {
        var record: MountRecord
        /// Why what is shown is not what the manifest says.
        var problem: String?
        var session: Session?
    }

    let handler: ProjectHandler
    private let weave: Weave
    private let composer: ProjectComposer
    private let log: @Sendable (String) -> Void
    /// Switches, one after the other. The record is written under it.
    private let switching = Lock()
    /// A leaf.
    private let state: Locked<State>

    /// Composes what is to be shown. - Parameter isInherited: the kernel knows nodes of a predecessor.
    init(_ record: MountRecord, _ weave: Weave, _ composer: ProjectComposer, isInherited: Bool, watcher: DirectoryWatcher?,
         log: @escaping @Sendable (String) -> Void) throws(WeaveError) {
        self.weave = weave
        self.composer = composer
        self.log = log
        let limit = CurrentProcess.raiseDescriptorLimit()
        let files = try system("open \(weave.root)") { () throws(Errno) in
            let journal = try? NodeJournal(path: weave.nodeJournal(record.id), isInherited: isInherited)
            return try Passthrough(weave: weave.root, journal: journal, watcher: watcher, capacity: min(1024, limit / 16), handles: min(16384, limit / 16))
        }
        let project = try Self.project(record.project)
        let tree: ProjectTree
        var problem: String?
        do throws(WeaveError) { tree = try composer.tree(project, files) } catch {
            // The predecessor showed the last good one.
            guard isInherited, let last = try? composer.lastGood(project, in: weave.keptManifest(record.id), files) else { throw error }
            (tree, problem) = (last, error.message)
        }
        handler = ProjectHandler(marks: [MountRecord.weaveAttribute: Array(weave.root.utf8)], files: files, tree: tree)
        state = Locked(State(record: record, problem: problem))
        handler.source = self
        keepManifest(project)
    }

    var record: MountRecord { state.withLock { $0.record } }
    var problem: String? { state.withLock { $0.problem } }

    func connect(_ session: Session) {
        handler.files.lockDevice(MountTable.find(record.path)?.device ?? "")
        state.withLock { $0.session = session }
    }

    /// Keeps what the manifest says, unless it is broken.
    private func keepManifest(_ project: ProjectName) { if problem == nil { composer.keep(project, in: weave.keptManifest(record.id)) } }

    private static func project(_ name: String) throws(WeaveError) -> ProjectName {
        do throws(ManifestError) { return try ProjectName(name) } catch { throw WeaveError(error) }
    }

    // MARK: Source

    func refreshed(_ current: ProjectTree) -> ProjectTree? {
        do throws(WeaveError) {
            let project = try Self.project(current.project)
            let new = try composer.tree(project, handler.files)
            report(nil)
            if new.version == current.version { return nil }
            keepManifest(project)
            return new
        } catch {
            // The last good one stays.
            report(error.message)
            return nil
        }
    }

    /// Looks at once whether the project has changed, without waiting for a request. Not from a request handler.
    func look() {
        let changes = switching.withLock { () -> [ProjectTree.Change] in refreshed(handler.current).map { handler.replace(by: $0) } ?? [] }
        tellKernel(changes)
    }

    private func report(_ problem: String?) {
        let isNew = state.withLock { s in
            defer { s.problem = problem }
            return s.problem != problem
        }
        if isNew, let problem { log("\(record.path) shows '\(record.project)' as it was: \(problem)") }
    }

    func activate(named name: [UInt8]) throws(Errno) -> [ProjectTree.Change] {
        do throws(WeaveError) { return try show(String(decoding: name, as: UTF8.self)) } catch {
            log("switching \(record.path): \(error.message)")
            throw error.code == .noSpace ? .noSpace : .invalid
        }
    }

    func tellKernel(_ changes: [ProjectTree.Change]) {
        guard let session = state.withLock({ $0.session }) else { return }
        for change in changes {
            for name in change.names { session.notifyGone(name: name, in: change.directory) }
            session.notifyChanged(node: change.directory)
        }
    }

    // MARK: Switching

    /// Shows another project from here on; what the kernel knows of the old one is told apart by the result.
    private func show(_ name: String) throws(WeaveError) -> [ProjectTree.Change] {
        let project = try Self.project(name)
        switching.lock()
        defer { switching.unlock() }
        let tree = try composer.tree(project, handler.files)
        var record = record
        if record.project != project.text {
            record.project = project.text
            try weave.write(record)
        }
        state.withLock { s in
            s.record.project = project.text
            s.problem = nil
        }
        keepManifest(project)
        var changes = handler.replace(by: tree)
        // The file's own contents and size.
        if let active = tree.entries.first(where: { $0.name == Array(ActiveMarker.fileName.utf8) }) {
            changes.append(ProjectTree.Change(directory: active.id, names: []))
        }
        return changes
    }

    /// Switches; when this returns, nobody sees anything of the former project but what he has open. Not from a request handler.
    func activate(_ project: String) throws(WeaveError) { tellKernel(try show(project)) }
}
