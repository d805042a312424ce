internal import Layers
internal import Manifest
internal import Nodes
internal import Syscalls
package import Weave

/// Handing a workweave of the `fuse` engine out to a process that mounts the kernel's overlayfs on the same upper directory, in mounts of
/// its own, over the base view; and taking it back when nobody has that mount any more.
///
/// `exclusive.json` is written before the overlay lets go and removed after it serves again, so a server that dies anywhere between leaves
/// a workweave that its successor knows to be handed out, and takes back as soon as it is free. The kernel is told of the directory before
/// anybody can have mounted on it, and after the last mount is gone: a notification would take such a mount away.
extension ServedWeave {
    /// Mounts what the process will need, and which it sees only if it was mounted before it has mounts of its own.
    /// - Throws: `.unsupported` where the workweave can only be served by us; `.busy` when somebody has it already.
    package func prepareHandOut(_ text: String) throws(WeaveError) {
        let name = try workweaveName(text)
        try ensureMounted()
        let mounter = try place.requireMounter()
        try locks.changing(name) { () throws(WeaveError) in
            try requireTakeable(try requireRecord(name))
            try base.ensureMounted(mounter)
        }
    }

    /// - Throws: as ``prepareHandOut(_:)``; `.busy` when anybody is in it.
    package func handOut(_ text: String, to pid: Int32) throws(WeaveError) {
        let name = try workweaveName(text)
        var hasLetGo = false, id: UInt32 = 0
        do throws(WeaveError) {
            try locks.changing(name) { () throws(WeaveError) in
                var record = try requireRecord(name)
                try requireTakeable(record)
                try requireNobodyIn(text)
                let directory = weave.state(of: name)
                record.generation = (record.generation ?? 0) + 1
                try record.write(directory)
                (hasLetGo, id) = (true, record.id)
                try ExclusiveUse(of: pid).write(directory)
                locks.handOuts.insert(text) { [weak self] in self?.takeBackWhatIsFree() }
                letGo(record)
                let upper = try engines.fuse.serving.overlay(record, isInherited: true)
                if upper.format.prefix == .user { try dissolveRedirects(upper, text) }
                try base.show(record)
            }
            place.tellKernel(ofAll: text, id)
            // Who has come in meanwhile has it dead in his hands; there is nothing in it yet that he could have lost.
            try requireNobodyIn(text)
        } catch {
            // Not mounted anywhere yet: the process waits for this answer.
            if hasLetGo { _ = try? serveAgain(name, but: pid) }
            throw error
        }
    }

    /// root's overlayfs follows them, an ordinary user's does not.
    private func dissolveRedirects(_ upper: Overlay, _ name: String) throws(WeaveError) {
        try system("prepare the changes of '\(name)'") { () throws(Errno) in
            // Copies have the modes of what they are copies of.
            try CurrentProcess.setThreadUmask(0)
            defer { try? CurrentProcess.setThreadUmask(0o077) }
            try upper.dissolveRedirects()
        }
    }

    /// Serves it again if nobody keeps it but the process that it was handed out to, which has nothing more to do with it.
    /// - Returns: who does.
    package func takeBack(_ text: String, from pid: Int32) throws(WeaveError) -> [Int32] {
        let name = try workweaveName(text)
        guard let use = try ExclusiveUse.read(weave.state(of: name)), use.pid == pid else { return [] }
        // Programs that are about to end need a moment.
        var attempts = 0
        while true {
            let users = try serveAgain(name, but: pid)
            attempts += 1
            if users.isEmpty || attempts > 10 { return users }
            Thread.sleep(milliseconds: 20)
        }
    }

    /// Takes back everything that nobody has any more.
    func takeBackWhatIsFree() {
        for text in locks.handOuts.names {
            guard let name = try? WorkweaveName(text) else { continue }
            do throws(WeaveError) { try serveAgain(name, but: nil) } catch {
                if locks.handOuts.isNews(text, error.message) { log("'\(text)' is not served again: \(error.message)") }
            }
        }
    }

    /// - Parameter pid: does not count. - Returns: who keeps it from being served; empty when it is.
    @discardableResult
    private func serveAgain(_ name: WorkweaveName, but pid: Int32?) throws(WeaveError) -> [Int32] {
        let text = name.text
        var id: UInt32 = 0
        let users = try locks.changing(name, whileHandedOut: true) { () throws(WeaveError) -> [Int32] in
            guard locks.handOuts.contains(text) else { return [] }
            let record = try requireRecord(name), directory = weave.state(of: name)
            id = record.id
            let state = try system("open \(directory)") { () throws(Errno) in OwnedDescriptor(try Files.open(directory, OpenFlags.directory)) }
            // Who mounts it holds this.
            guard try system("lock \(directory)", { () throws(Errno) in try state.descriptor.lock(wait: false) }) else { return [pid ?? 0] }
            let isOwner = try ExclusiveUse.read(directory).map { $0.pid == pid } ?? false
            let users = isOwner ? weave.lateUsers(of: text) : try weave.exclusiveUsers(of: text)
            guard users.isEmpty else { return users }
            try system("clear up after overlayfs in \(directory)") { () throws(Errno) in try Files.removeTree("\(directory)/\(ExclusiveUse.workDirectory)") }
            // What the kernel forgets of its former nodes must not count for those of now.
            try engines.fuse.show(record, isInherited: true)
            try ExclusiveUse.remove(directory)
            locks.handOuts.remove(text)
            return []
        }
        guard users.isEmpty else { return users }
        place.tellKernel(ofAll: text, id)
        base.hide(text)
        return []
    }

    /// Shows a workweave that a predecessor has handed out.
    func showHandedOut(_ record: WorkweaveRecord) throws(WeaveError) {
        locks.handOuts.insert(record.name) { [weak self] in self?.takeBackWhatIsFree() }
        place.handler.add(record.name, id: record.id, .handedOut)
        try base.show(record)
    }

    /// Requests under way end before this returns; those that come are refused.
    private func letGo(_ record: WorkweaveRecord) {
        let overlay = place.handler.overlay(named: record.name)
        place.handler.add(record.name, id: record.id, .handedOut)
        overlay?.close()
        let id = record.id
        engines.fuse.serving.files.drop { NodeID(raw: $0).workweave == id }
    }

    private func requireTakeable(_ record: WorkweaveRecord) throws(WeaveError) {
        guard record.engine == EngineKind.fuse.rawValue, let format = record.upper?.format else {
            throw WeaveError(.unsupported, "'\(record.name)' has the engine '\(record.engine)'")
        }
        if format.whiteout != .device { throw WeaveError(.unsupported, "its upper directory has whiteouts in attributes, which overlayfs does not read there") }
        if !KernelMount.takes(record) { throw WeaveError(.unsupported, "it has more repos than one overlay takes") }
        guard place.handler.overlay(named: record.name) != nil else {
            throw WeaveError(.failed, "'\(record.name)' is not served", hint: "see \(weave.log)/server.log")
        }
    }

    /// - Throws: `.busy`, with who is.
    private func requireNobodyIn(_ name: String) throws(WeaveError) {
        let users = PlaceUsers.find(weave.workweaves + "/" + name)
        guard let first = users.first else { return }
        let others = users.count > 1 ? ", and \(users.count - 1) more" : ""
        throw WeaveError(.busy, "'\(name)' is in use: \(first.text)\(others)",
                         hint: "leave that directory and end those programs, or run the command without --fast")
    }

    // MARK: What is refused meanwhile

    func requireNoneHandedOut() throws(WeaveError) {
        takeBackWhatIsFree()
        guard let name = locks.handOuts.names.first else { return }
        throw Weave.inUse(name, by: try weave.exclusiveUsers(of: name))
    }

    /// What is said of a workweave that is handed out; nil of others.
    func useProblem(_ name: String) -> String? {
        locks.handOuts.contains(name) ? Weave.inUse(by: (try? weave.exclusiveUsers(of: name)) ?? []) : nil
    }
}
