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
        let new = try engines.choose(wanted)
        let name = try workweaveName(text)
        try ensureMounted()
        let old: EngineKind?
        do throws(WeaveError) { old = try locks.changing(name) { () throws(WeaveError) in try change(name, to: new) } } catch {
            endChange(name)
            mountOnTop()
            throw error
        }
        guard let old else { return }
        endChange(name)
        guard new.mountsOnTop else { return }
        do throws(WeaveError) {
            try locks.changing(name) { () throws(WeaveError) in try new.mount(try requireRecord(name)) }
        } catch {
            _ = try locks.changing(name) { () throws(WeaveError) in try change(name, to: engines[old]) }
            endChange(name)
            throw error
        }
    }

    /// Tells the kernel of a workweave that was away for a moment, and may have been looked for, or of what a sync changed in it; then nothing is
    /// left to be finished.
    func endChange(_ name: WorkweaveName) {
        if let journal = try? Journal.read(weave.state(of: name)), journal.operation == .sync {
            let overlay = place.handler.overlay(named: name.text)
            for (parent, entry) in (journal.changed ?? []).compactMap({ overlay?.place(of: $0) }) { place.tellKernel(parent, entry) }
        } else { place.tellKernel(1, name.text) }
        try? locks.changing(name) { () throws(WeaveError) in change.end(name) }
    }

    /// Under the name's lock. - Returns: the engine that it had; nil when there was nothing to change.
    private func change(_ name: WorkweaveName, to new: any Engine) throws(WeaveError) -> EngineKind? {
        var record = try requireRecord(name)
        let old = try engines.of(record)
        if try Journal.read(weave.state(of: name))?.operation == .convert { try change.finish(record) }
        if old.kind == new.kind { return nil }
        try system("set the umask") { () throws(Errno) in try CurrentProcess.setThreadUmask(record.umask) }
        try weave.prepareState()
        try change.begin(record)
        try old.unmount(record, force: false)
        old.close(record)
        old.hide(record)
        do throws(WeaveError) {
            record = try old.join(record)
            let users = PlaceUsers.find(path(of: name.text))
            if !users.isEmpty { throw WeaveError(.busy, "'\(name.text)' is in use", hint: "leave that directory and end those programs") }
            try show(try convert(record, name, from: old.kind, to: new.kind), isInherited: false)
        } catch {
            // As it was: the kernel may know nodes of it.
            try show(try requireRecord(name), isInherited: true)
            throw error
        }
        return old.kind
    }

    private func convert(_ record: WorkweaveRecord, _ name: WorkweaveName, from old: EngineKind, to new: EngineKind) throws(WeaveError) -> WorkweaveRecord {
        if new == .checkout { return try change.toCheckout(record, name) }
        return old == .checkout ? try change.toOverlay(record, name, new) : try changeMarks(record, name, new)
    }

    /// Gives the upper directory the form that this disk holds best, and the record the new engine.
    private func changeMarks(_ old: WorkweaveRecord, _ name: WorkweaveName, _ kind: EngineKind) throws(WeaveError) -> WorkweaveRecord {
        guard let form = old.upper?.format else { throw WeaveError(.invalid, "'\(name.text)' has an upper directory of unknown form", hint: "use the rwv that made it") }
        let directory = weave.state(of: name)
        var record = old
        record.engine = kind.rawValue
        record.generation = (record.generation ?? 0) + 1
        try system("change the marks of '\(name.text)'") { () throws(Errno) in
            let top = OwnedDescriptor(try Files.open(directory + "/upper", OpenFlags.directory)), work = OwnedDescriptor(try Files.open(directory + "/work", OpenFlags.directory))
            let new = kind == .kernel ? try UpperFormat.probe(in: work.descriptor) : form
            let conversion = UpperConversion(upper: top.descriptor, work: work.descriptor, from: form, to: new)
            if new != form { try conversion.add() }
            record.upper = WorkweaveRecord.Upper(new)
            do throws(WeaveError) { try record.write(directory) } catch { throw .io }
            if new != form { try conversion.removeOld() }
        }
        return record
    }
}
