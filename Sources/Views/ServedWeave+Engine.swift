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
        guard try locks.changing(name, { () throws(WeaveError) in try change(name, to: new) }) else { return }
        place.tellKernel(1, text)
        guard new.mountsOnTop else { return }
        var failure: WeaveError?
        try locks.changing(name) { () throws(WeaveError) in
            do throws(WeaveError) { try new.mount(try requireRecord(name)) } catch {
                failure = error
                _ = try change(name, to: engines.fuse)
            }
        }
        guard let failure else { return }
        place.tellKernel(1, text)
        throw failure
    }

    /// Under the name's lock. - Returns: whether there was anything to change.
    private func change(_ name: WorkweaveName, to new: any Engine) throws(WeaveError) -> Bool {
        let record = try requireRecord(name)
        let old = try engines.of(record)
        if old.kind == new.kind { return false }
        guard old.kind != .checkout, new.kind != .checkout else {
            throw WeaveError(.unsupported, "'\(name.text)' cannot be changed from engine '\(old.kind.rawValue)' to '\(new.kind.rawValue)'",
                             hint: "commit what is in it, and create another workweave with --engine \(new.kind.rawValue)")
        }
        try old.unmount(record, force: false)
        old.close(record)
        old.hide(record)
        do throws(WeaveError) { try show(try changeMarks(record, name, new.kind), isInherited: false) } catch {
            try show(try requireRecord(name), isInherited: false)
            throw error
        }
        return true
    }

    /// Gives the upper directory the form that this disk holds best, and the record the new engine.
    private func changeMarks(_ old: WorkweaveRecord, _ name: WorkweaveName, _ kind: EngineKind) throws(WeaveError) -> WorkweaveRecord {
        guard let form = old.upper?.format else { throw WeaveError(.invalid, "'\(name.text)' has an upper directory of unknown form", hint: "use the rwv that made it") }
        let directory = weave.state(of: name)
        var record = old
        record.engine = kind.rawValue
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
