internal import Control
internal import Layers
internal import Manifest
internal import Nodes
internal import Syscalls
internal import Weave

/// Workweaves of the `kernel` engine, among the others.
extension ServedWeave {
    func showOverlay(_ record: WorkweaveRecord, isInherited: Bool) throws(WeaveError) {
        handler.add(record.name, id: record.id, .overlay(try serving.overlay(record, isInherited: isInherited)))
    }

    /// Shows the mount point, and what is to lie below the overlay; or serves the workweave as `fuse` does where that cannot be.
    func showKernel(_ record: WorkweaveRecord, isInherited: Bool) throws(WeaveError) {
        if let obstacle = kernel.obstacle(record) {
            kernel.setProblem(record.name, obstacle)
            log("'\(record.name)' is served by the fuse engine: \(obstacle)")
            return try showOverlay(record, isInherited: isInherited)
        }
        try kernel.show(record)
        kernel.setProblem(record.name, nil)
        handler.add(record.name, id: record.id, .mountPoint)
    }

    /// The `fuse` engine in place of an overlay that cannot be mounted.
    private func fallBack(_ record: WorkweaveRecord, _ reason: WeaveError) throws(WeaveError) {
        log("'\(record.name)' is served by the fuse engine: \(reason.message)")
        handler.remove(record.name)
        kernel.hide(record.name)
        try showOverlay(record, isInherited: false)
        kernel.setProblem(record.name, reason.message)
    }

    /// Mounts every overlay that is wanted and not there.
    func mountOverlays(_ mounter: any Mounter) {
        let names = ((try? weave.workweaveRecords()) ?? []).filter { $0.engine == Engine.kernel.rawValue }.map(\.name)
        for text in names {
            guard let name = try? WorkweaveName(text) else { continue }
            let hasFallen = try? changing(name) { () throws(WeaveError) -> Bool in
                guard kernel.handler.holds(text), !kernel.isMounted(text), let record = try WorkweaveRecord.read(weave.state(of: name)) else { return false }
                do throws(WeaveError) { try kernel.mount(text, mounter) } catch {
                    try fallBack(record, error)
                    return true
                }
                return false
            }
            if hasFallen == true { tellKernel(1, text) }
        }
    }

    /// - Throws: `.busy` when one is in use (and not `force`); the others may be away then.
    func unmountOverlays(force: Bool) throws(WeaveError) {
        for record in try weave.workweaveRecords() where record.engine == Engine.kernel.rawValue {
            try kernel.unmount(record.name, force: force)
        }
    }

    /// Mounts the overlay of a workweave that was just made. Where that fails it becomes one of the `fuse` engine; one that was wished for
    /// by name is taken back instead.
    func beginOverlay(_ record: WorkweaveRecord, isWish: Bool) throws(WeaveError) -> WorkweaveRecord {
        guard let name = try? WorkweaveName(record.name) else { return record }
        let mounter = try requireMounter()
        var record = record
        do throws(WeaveError) {
            try changing(name) { () throws(WeaveError) in
                _ = try requireRecord(name)
                try kernel.mount(record.name, mounter)
            }
            return record
        } catch {
            if error.code == .notFound { throw error }
            if isWish {
                // On a full disk nothing can be written before something is gone; nobody has been told of it yet.
                try? Files.removeTree(weave.states + "/\(record.name)/upper")
                try? delete(record.name, force: true)
                throw error
            }
            try changing(name) { () throws(WeaveError) in
                record.engine = Engine.fuse.rawValue
                try record.write(weave.state(of: name))
                try fallBack(record, error)
                kernel.setProblem(record.name, nil)
            }
        }
        tellKernel(1, record.name)
        return record
    }

    /// A mounted overlay's lower must never change: it is taken away for a sync, and comes back. Under the name's lock.
    func syncBelowOverlay(_ record: inout WorkweaveRecord, _ name: WorkweaveName, _ options: SyncOptions) throws(WeaveError) -> SyncReport {
        let mounter = try requireMounter()
        do throws(WeaveError) { try kernel.unmount(name.text, force: false) } catch {
            guard error.code == .busy else { throw error }
            throw WeaveError(.busy, "'\(name.text)' is in use, and what lies below an overlay of the kernel cannot change while it is",
                             hint: "leave that directory and end the programs in it, then run 'rwv workweave \(record.project) sync \(name.text)' from elsewhere")
        }
        defer {
            do throws(WeaveError) { try kernel.mount(name.text, mounter) } catch { log("'\(name.text)' is not mounted again: \(error.message)") }
        }
        let overlay = try serving.overlay(record, isInherited: true)
        let report = try WorkweaveSync(weave: weave, maker: maker, serving: serving, overlay: overlay).run(&record, name, removable: Set(options.removable)) { _, _ in }
        kernel.hide(name.text)
        try kernel.show(record)
        return report
    }

    func isShown(_ record: WorkweaveRecord) -> Bool {
        switch Engine(rawValue: record.engine) {
        case .kernel where kernel.problem(record.name) == nil: kernel.isMounted(record.name)
        case .checkout: true
        default: handler.overlay(named: record.name) != nil
        }
    }

    /// The base view among the mounts, while it is there.
    func baseInfo() -> [MountInfo] {
        guard let mounter = try? requireMounter(), mounter.isServed(KernelEngine.mountID) else { return [] }
        let counters = Dictionary(uniqueKeysWithValues: kernel.handler.counters.values)
        return [MountInfo(kind: "base", path: weave.baseView, name: nil, project: nil, engine: "fuse", state: "served", counters: counters)]
    }
}
