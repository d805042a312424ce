internal import Layers
internal import Manifest
internal import Nodes
internal import Syscalls
package import Weave

/// Changing a workweave's engine.
extension ServedWeave {
    /// Serves a workweave with another engine from here on. Nothing of it is lost; nobody may be in it.
    /// - Throws: `.busy`; `.unsupported` where the engine does not work, or cannot take the workweave over.
    package func setEngine(_ text: String, _ wanted: String) throws(WeaveError) {
        let engine = try chooseEngine(wanted)
        let name = try workweaveName(text)
        try ensureMounted()
        let hasChanged = try changing(name) { () throws(WeaveError) -> Bool in
            var record = try requireRecord(name)
            guard record.engine != engine.rawValue else { return false }
            switch (Engine(rawValue: record.engine), engine) {
            case (.fuse, .kernel): try toKernel(&record, name)
            case (.kernel, .fuse): try toFuse(&record, name)
            default:
                throw WeaveError(.unsupported, "'\(text)' cannot be changed from engine '\(record.engine)' to '\(engine.rawValue)'",
                                 hint: "commit what is in it, and create another workweave with --engine \(engine.rawValue)")
            }
            return true
        }
        guard hasChanged else { return }
        tellKernel(1, text)
        if engine == .kernel { try beginAgain(name) }
    }

    private func toKernel(_ record: inout WorkweaveRecord, _ name: WorkweaveName) throws(WeaveError) {
        guard let upper = record.upper, let old = upper.format else { throw WeaveError(.invalid, "'\(name.text)' has an upper directory of unknown form", hint: "use the rwv that made it") }
        // Requests under way end before this returns, and no new ones begin.
        handler.overlay(named: name.text)?.close()
        handler.remove(name.text)
        let id = record.id
        serving.files.drop { NodeID(raw: $0).workweave == id }
        do throws(WeaveError) {
            let directory = weave.state(of: name)
            try system("change the marks of '\(name.text)'") { () throws(Errno) in
                let top = try Files.open(directory + "/upper", OpenFlags.directory), work = try Files.open(directory + "/work", OpenFlags.directory)
                defer {
                    top.close()
                    work.close()
                }
                let new = try UpperFormat.probe(in: work)
                let conversion = UpperConversion(upper: top, work: work, from: old, to: new)
                if new != old { try conversion.add() }
                record.upper = WorkweaveRecord.Upper(new)
                record.engine = Engine.kernel.rawValue
                do throws(WeaveError) { try record.write(directory) } catch { throw .io }
                if new != old { try conversion.removeOld() }
            }
            try show(record, isInherited: false)
        } catch {
            if let now = try WorkweaveRecord.read(weave.state(of: name)) { try show(now, isInherited: false) }
            throw error
        }
    }

    private func toFuse(_ record: inout WorkweaveRecord, _ name: WorkweaveName) throws(WeaveError) {
        try kernel.unmount(name.text, force: false)
        record.engine = Engine.fuse.rawValue
        try record.write(weave.state(of: name))
        kernel.hide(name.text)
        kernel.setProblem(name.text, nil)
        handler.remove(name.text)
        try show(record, isInherited: false)
    }

    /// Mounts the overlay of a workweave that has just become one of the kernel engine; else it goes back to `fuse`.
    private func beginAgain(_ name: WorkweaveName) throws(WeaveError) {
        let mounter = try requireMounter()
        var failure: WeaveError?
        try changing(name) { () throws(WeaveError) in
            var record = try requireRecord(name)
            do throws(WeaveError) { try kernel.mount(name.text, mounter) } catch {
                failure = error
                try toFuse(&record, name)
            }
        }
        guard let failure else { return }
        tellKernel(1, name.text)
        throw failure
    }
}
