internal import Fuse
internal import Layers
internal import Syscalls

extension WorkweavesHandler {
    /// Answers 0 or the error of a change. One that a resent request finds done already (EAGAIN) is done.
    @inline(__always)
    fileprivate func answerOnce(_ r: consuming Request, _ work: () throws(Errno) -> Void) {
        do throws(Errno) { try work() } catch {
            return error == .again && r.isResent ? r.succeed() : r.fail(error == .again ? .notFound : error)
        }
        r.succeed()
    }

    /// Serves what makes a node: answers with it. A reference that the kernel did not take is given back.
    func serveNew(_ r: consuming Request, _ parent: UInt64, _ work: (Overlay, Scratch) throws(Errno) -> Found) {
        let s = scratch
        if parent == 1 { return r.fail(.permission) }
        let o: Overlay, found: Found
        do throws(Errno) {
            o = try overlay(parent)
            found = try whenFull(o) { () throws(Errno) in try work(o, s) }
        } catch { return r.fail(error) }
        if !r.reply(Entry(node: found.id.raw, generation: found.generation, status: found.status)) { o.forget(found.id, count: 1, s) }
    }

    /// Serves what changes something and answers nothing else.
    func serveChange(_ r: consuming Request, _ node: UInt64, _ work: (Overlay, Scratch) throws(Errno) -> Void) {
        if node == 1 { return r.fail(.permission) }
        answerOnce(r) { () throws(Errno) in
            let o = try overlay(node)
            try whenFull(o) { () throws(Errno) in try work(o, scratch) }
        }
    }

    /// Does `work`, and again for a moment while the disk is full and unlinked files wait for the kernel to forget them: who removes a
    /// file and then writes may count on its space, and FORGET comes a little after the unlink.
    func whenFull<R>(_ o: Overlay, _ work: () throws(Errno) -> R) throws(Errno) -> R {
        var attempts = 0
        while true {
            do throws(Errno) { return try work() } catch {
                guard error == .noSpace, attempts < 20, o.mayGainSpace else { throw error }
                attempts += 1
                Thread.sleep(milliseconds: 5)
            }
        }
    }

    func serveLookup(_ r: consuming Request, _ parent: UInt64, _ name: Span<UInt8>) {
        let s = scratch
        if parent == 1 {
            do throws(Errno) {
                let e = try rootEntry(name, s)
                _ = r.reply(e)
            } catch { error == .notFound ? r.replyNegative(timeout: 0) : r.fail(error) }
            return
        }
        let o: Overlay, found: Found
        do throws(Errno) {
            if isEmptyMountPoint(parent) { throw .notFound }
            o = try overlay(parent)
            found = try o.lookup(parent: NodeID(raw: parent), name: name, s)
        } catch {
            // What is to be mounted there is not: nothing to be remembered.
            return error == .notFound ? r.replyNegative(timeout: isEmptyMountPoint(parent) ? 0 : Entry.forEver) : r.fail(error)
        }
        if !r.reply(Entry(node: found.id.raw, generation: found.generation, status: found.status)) { o.forget(found.id, count: 1, s) }
    }

    func serveReadDirectory(_ r: consuming Request, _ node: UInt64, _ offset: Int64, _ size: Int, _ plus: Bool) {
        guard let buffer = Worker.current?.reply else { return r.fail(.io) }
        let s = scratch
        buffer.start(limit: size)
        do throws(Errno) {
            // 1 and 2 are the offsets past "." and "..".
            var from = offset
            if from == Int64.max { return r.reply(buffer) }
            if from == 0 {
                guard addDots(r, ".", node, 1, plus, buffer) else { return r.reply(buffer) }
                from = 1
            }
            if from == 1 {
                guard addDots(r, "..", 1, 2, plus, buffer) else { return r.reply(buffer) }
                from = 2
            }
            if node == 1 { listRoot(r, from, plus, buffer, s) } else if !isEmptyMountPoint(node) { try list(r, try overlay(node), NodeID(raw: node), from - 2, plus, buffer, s) }
        } catch {
            if buffer.isEmpty { return r.fail(error) }
        }
        r.reply(buffer)
    }

    /// A layer's offset as ours. The last entry of an ext4 directory has the largest there is.
    private static func past(_ offset: Int64) -> Int64 { offset > Int64.max - 2 ? .max : offset + 2 }

    private func addDots(_ r: borrowing Request, _ name: StaticString, _ node: UInt64, _ next: Int64, _ plus: Bool, _ buffer: ReplyBuffer) -> Bool {
        let bytes: [UInt8] = next == 1 ? [46] : [46, 46]
        if !plus { return r.add(name: bytes.span, node: node, type: FileType.directory.directoryRecordType, next: next, to: buffer) }
        var status = FileStatus()
        (status.ino, status.mode) = (node, FileType.directory.rawValue)
        return r.add(name: bytes.span, entry: Entry(node: 0, generation: 0, status: status), next: next, to: buffer)
    }

    private func listRoot(_ r: borrowing Request, _ from: Int64, _ plus: Bool, _ buffer: ReplyBuffer, _ s: Scratch) {
        for m in membersSorted(after: from) {
            let name = Array(m.name.utf8)
            guard let e = try? rootEntry(m, s) else { continue }
            let next = Int64(m.id) + 2
            let fits = plus ? r.add(name: name.span, entry: e, next: next, to: buffer)
                : r.add(name: name.span, node: e.node, type: UInt8(e.status.mode >> 12), next: next, to: buffer)
            if !fits { return }
        }
    }

    private func list(_ r: borrowing Request, _ o: Overlay, _ id: NodeID, _ from: Int64, _ plus: Bool, _ buffer: ReplyBuffer, _ s: Scratch) throws(Errno) {
        if !plus {
            return try o.list(id, from: from, s) { name, child, type, next, _ in
                r.add(name: name, node: child.raw, type: type, next: Self.past(next), to: buffer)
            }
        }
        try o.listWithStatus(id, from: from, s) { name, found, next in
            r.add(name: name, entry: Entry(node: found.id.raw, generation: found.generation, status: found.status), next: Self.past(next), to: buffer)
        }
    }

    func serveRename(_ r: consuming Request, _ parent: UInt64, _ name: Span<UInt8>, _ newParent: UInt64, _ newName: Span<UInt8>, _ flags: UInt32) {
        let s = scratch, resent = r.isResent
        if parent == 1 || newParent == 1 { return r.fail(parent == newParent ? .permission : .crossDevice) }
        if NodeID(raw: parent).workweave != NodeID(raw: newParent).workweave { return r.fail(.crossDevice) }
        answerOnce(r) { () throws(Errno) in
            try overlay(parent).rename(parent: NodeID(raw: parent), name: name, newParent: NodeID(raw: newParent), newName: newName,
                                       flags: flags, wasSent: resent, s)
        }
    }

    /// mkdir and rmdir in the root: on a thread of their own, since they work on git and may take long.
    func serveRootChange(_ r: consuming Request, _ name: String, _ work: @escaping @Sendable (any Keeper, String) throws(Errno) -> Void) {
        guard let keeper else { return r.fail(.permission) }
        let request = r.detach()
        do throws(Errno) {
            try Thread.start(stack: 1 << 22) { [self] in
                do throws(Errno) {
                    try work(keeper, name)
                    answerRoot(request.resume(), name)
                } catch { request.resume().fail(error) }
            }
        } catch { request.resume().fail(error) }
    }

    private func answerRoot(_ r: consuming Request, _ name: String) {
        let bytes = Array(name.utf8)
        guard let e = try? rootEntry(bytes.span, Scratch()) else { return r.succeed() }
        _ = r.reply(e)
    }
}
