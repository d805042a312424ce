internal import Control
internal import Fuse
internal import Layers
internal import Manifest
internal import Nodes
internal import Syscalls
internal import Weave

/// The project mounts of a served weave: registered in `.rwv/mounts`, mounted, switched, taken away. Any thread.
final class ProjectMounts: Sendable {
    private let weave: Weave
    private let surface: ServedWeave.Surface
    private let workweaves: @Sendable (String) -> [String]
    private let log: @Sendable (String) -> Void
    /// Mounts come and go one after the other.
    private let changing = Lock()
    /// A leaf.
    private let mounts = Locked<[String: ProjectMount]>([:])
    /// Why those that are registered could not be mounted when they were to be, by id. A leaf.
    private let failures = Locked<[String: String]>([:])
    /// From the first mount on; nil where there is no inotify(7) to be had.
    private let teller = Locked<ChangeTeller?>(nil)

    init(_ weave: Weave, surface: @escaping ServedWeave.Surface, workweaves: @escaping @Sendable (String) -> [String], log: @escaping @Sendable (String) -> Void) {
        self.weave = weave
        self.surface = surface
        self.workweaves = workweaves
        self.log = log
    }

    private static let prefix = "project-"

    private func mount(at path: String) -> ProjectMount? { mounts.withLock { $0.values.first { $0.record.path == path } } }

    /// Whether a registered mount is there for the kernel.
    private func isUp(_ id: String, _ mounter: any Mounter) -> Bool { mounter.isServed(Self.prefix + id) }

    private func serve(_ record: MountRecord, _ mounter: any Mounter, place: String? = nil) throws(WeaveError) {
        let id = Self.prefix + record.id
        let composer = ProjectComposer(weave: weave, surface: surface, showsAll: record.showsAll, workweaves: workweaves)
        let isInherited = mounter.isInherited(id), teller = teller(mounter)
        let mount = try ProjectMount(record, weave, composer, isInherited: isInherited, watcher: teller?.watcher, log: log)
        let session = try mounter.serve(ViewMount(id: id, path: record.path, options: record.options, place: place), with: mount.handler)
        mount.connect(session)
        teller?.add(mount.handler.files, session, isInherited: isInherited) { [weak handler = mount.handler] in handler?.topNode }
        mounts.withLock { $0[record.id] = mount }
        failures.withLock { $0[record.id] = nil }
        if !isInherited { Self.endFlushes(place ?? record.path) }
    }

    /// Lets the kernel learn that we have no use for FLUSH, by closing a file of the mount. It would send one for each file that is open in
    /// this process, as those are that locks were taken with, when the process dies: to be answered by the dead, so that it never ends.
    private static func endFlushes(_ path: String) { (try? Files.open(path + "/" + ActiveMarker.fileName))?.close() }

    private func teller(_ mounter: any Mounter) -> ChangeTeller? {
        teller.withLock { teller in
            if teller == nil {
                do throws(Errno) { teller = try ChangeTeller { mounter.settle(milliseconds: 400) } } catch {
                    log("changes in clones show after a moment only: inotify: \(error)")
                }
            }
            return teller
        }
    }

    /// Takes over what a predecessor served; as the first server of a keeper, mounts all that is registered.
    func start(_ mounter: any Mounter) throws(WeaveError) {
        for record in try weave.mountRecords() where mounter.isInherited(Self.prefix + record.id) || !mounter.isSuccessor { bringUp(record, mounter) }
        for damaged in try weave.damagedMounts() { log(damaged.error.sentence) }
    }

    private func bringUp(_ record: MountRecord, _ mounter: any Mounter) {
        do throws(WeaveError) { try serve(record, mounter) } catch {
            log("\(record.path) is not mounted: \(error.message)")
            failures.withLock { $0[record.id] = error.sentence }
        }
    }

    /// Mounts whatever is registered and not mounted.
    func bringAllUp(_ mounter: any Mounter) throws(WeaveError) {
        changing.lock()
        defer { changing.unlock() }
        for record in try weave.mountRecords() where !isUp(record.id, mounter) { bringUp(record, mounter) }
    }

    /// Mounts a project, or switches the mount that is there already.
    func mount(_ options: MountOptions, _ mounter: any Mounter) throws(WeaveError) {
        changing.lock()
        defer { changing.unlock() }
        if let there = mount(at: options.path), isUp(there.record.id, mounter) {
            let record = there.record
            guard Set(options.options).isSubset(of: record.options), record.showsAll || !options.showsAll else {
                throw WeaveError(.exists, "\(options.path) is mounted already, with other options", hint: "unmount it first: rwv unmount \(options.path)")
            }
            return try there.activate(options.project)
        }
        // Registered, but taken away by somebody: the new wish takes its place.
        let former = try weave.mountRecords().first { $0.path == options.path }
        let record = MountRecord(id: former?.id ?? randomHex(4), path: options.path, project: options.project, showsAll: options.showsAll,
                                 options: options.options, modeBelow: former?.modeBelow ?? options.modeBelow)
        try serve(record, mounter, place: options.place)
        do throws(WeaveError) { try weave.write(record) } catch {
            try? mounter.unmount(Self.prefix + record.id, force: true)
            // As it was: nobody knows of it any more.
            if former == nil, MountTable.find(record.path) == nil { try? Files.setMode(record.path, record.modeBelow) }
            mounts.withLock { $0[record.id] = nil }
            throw error
        }
    }

    /// Takes a mount away and registers it no more. Returns the permissions that the directory below had.
    func unmount(_ path: String, force: Bool, _ mounter: any Mounter) throws(WeaveError) -> UInt32 {
        changing.lock()
        defer { changing.unlock() }
        var found = mount(at: path)?.record
        if found == nil { found = try weave.mountRecords().first { $0.path == path } }
        guard let record = found else {
            throw WeaveError(.notFound, "\(path) is no mount of \(weave.root)", hint: "'rwv mounts' shows what there is")
        }
        if isUp(record.id, mounter) { try takeAway(record, force, mounter) }
        mounts.withLock { $0[record.id] = nil }
        failures.withLock { $0[record.id] = nil }
        do throws(WeaveError) { try weave.removeMount(record.id) } catch { throw MountRecord.stillThere(path, error) }
        return record.modeBelow
    }

    private func takeAway(_ record: MountRecord, _ force: Bool, _ mounter: any Mounter) throws(WeaveError) {
        let files = mounts.withLock { $0[record.id] }?.handler.files
        var attempts = 0
        while true {
            let mayBeOurs = files?.settleLocks() ?? false
            do throws(WeaveError) { return try mounter.unmount(Self.prefix + record.id, force: force) } catch {
                guard error.code == .busy, mayBeOurs, attempts < 20 else { throw error }
                attempts += 1
                Thread.sleep(milliseconds: 5)
            }
        }
    }

    /// Takes all away; they stay registered. - Throws: `.busy` when one is in use (and not `force`); those before it are mounted again then.
    func unmountAll(force: Bool, _ mounter: any Mounter) throws(WeaveError) {
        changing.lock()
        defer { changing.unlock() }
        let up = mounts.withLock { $0.values.map(\.record) }.filter { isUp($0.id, mounter) }.sorted { $0.path < $1.path }
        for (i, record) in up.enumerated() {
            do throws(WeaveError) { try takeAway(record, force, mounter) } catch {
                for done in up[..<i] { bringUp(done, mounter) }
                throw error
            }
        }
    }

    /// Switches the mount at a path; all is new when this returns.
    func activate(_ path: String, _ project: String) throws(WeaveError) {
        guard let mount = mount(at: path) else {
            throw WeaveError(.notFound, "\(path) is no mount of \(weave.root)", hint: "'rwv mounts' shows what there is")
        }
        try mount.activate(project)
    }

    /// What is registered; where the disk cannot be read, what is served.
    private func records() throws(WeaveError) -> [MountRecord] {
        if weave.diskFailure == nil { return try weave.mountRecords() }
        return mounts.withLock { $0.values.map(\.record) }.sorted { $0.path < $1.path }
    }

    func infos(_ mounter: (any Mounter)?) throws(WeaveError) -> [MountInfo] {
        let damaged = weave.diskFailure == nil ? try weave.damagedMounts() : []
        return try records().map { info($0, mounter) } + damaged.map { damaged in
            // Damaged while it is served: it is, until it is taken away.
            guard let record = mounts.withLock({ $0[damaged.id] })?.record, mounter?.isServed(Self.prefix + record.id) == true else { return MountInfo(damaged) }
            var served = info(record, mounter)
            served.problem = damaged.error.sentence
            return served
        }
    }

    private func info(_ record: MountRecord, _ mounter: (any Mounter)?) -> MountInfo {
        let mount = mounts.withLock { $0[record.id] }
        let isUp = mounter?.isServed(Self.prefix + record.id) ?? false
        if isUp { mount?.look() }
        let problem = isUp ? mount?.problem : failures.withLock { $0[record.id] }
        return MountInfo(kind: "project", path: record.path, name: nil, project: record.project, engine: "fuse",
                         state: isUp ? problem == nil ? "served" : "stale" : problem == nil ? "down" : "failed", problem: problem,
                         counters: isUp ? mount.map { Dictionary(uniqueKeysWithValues: $0.handler.counters.values) } : nil)
    }
}
