package import Fuse
internal import Layers
package import Syscalls

/// Requests for the contents and attributes of one node.
extension ProjectHandler {
    package func attributes(_ r: consuming Request, node: UInt64) {
        counters.count(.getattr)
        let s = scratch
        do throws(Errno) {
            if ProjectTree.isVirtual(node) {
                let tree = fresh()
                guard let own = tree.entry(node) else { throw .stale }
                return r.reply(attributes: status(own, tree, s), timeout: Self.treeTimeout)
            }
            let status = try files.attributes(node, s)
            let isFollowed = files.note(node, status)
            r.reply(attributes: status, timeout: isFollowed ? Self.followedAttributes : Self.timeout)
        } catch { r.fail(error) }
    }

    package func setAttributes(_ r: consuming Request, node: UInt64, change: AttributeChange) {
        counters.count(.setattr)
        let s = scratch
        do throws(Errno) {
            if ProjectTree.isVirtual(node) {
                let tree = current
                guard let own = tree.entry(node) else { throw .stale }
                // Who opens `.rwv-active` to write another name cuts it off first; times may be set and are not kept.
                guard isActive(node, tree), change.mode == nil, change.uid == nil, change.gid == nil else { throw .permission }
                return r.reply(attributes: status(own, tree, s), timeout: 0)
            }
            try checkWritable(node)
            let status = try files.setAttributes(node, change, s)
            let isFollowed = files.note(node, status)
            r.reply(attributes: status, timeout: isFollowed ? Self.followedAttributes : Self.timeout)
        } catch { r.fail(error) }
    }

    package func readLink(_ r: consuming Request, node: UInt64) {
        counters.count(.readlink)
        do throws(Errno) {
            guard ProjectTree.isVirtual(node) else {
                let target = try files.readLink(node, scratch)
                return r.reply(link: target)
            }
            guard case .link(let target)? = current.entry(node)?.item else { throw .stale }
            r.reply(link: target)
        } catch { r.fail(error) }
    }

    package func read(_ r: consuming Request, node: UInt64, offset: Int64, size: Int) {
        counters.count(.read)
        guard let buffer = Worker.current?.reply else { return r.fail(.io) }
        let s = scratch
        do throws(Errno) {
            buffer.start(limit: size)
            if ProjectTree.isVirtual(node) {
                guard case .file(let bytes)? = current.entry(node)?.item else { throw .stale }
                try buffer.fill { p throws(Errno) in unsafe bytes.dropFirst(Int(offset)).withUnsafeBytes { unsafe Self.copy($0, p) } }
            } else {
                try buffer.fill { p throws(Errno) in try files.read(node, at: offset, into: p, s) }
            }
            r.reply(buffer)
        } catch { r.fail(error) }
    }

    @unsafe private static func copy(_ from: UnsafeRawBufferPointer, _ to: UnsafeMutableRawBufferPointer) -> Int {
        let n = min(from.count, to.count)
        unsafe to.copyMemory(from: UnsafeRawBufferPointer(rebasing: from[..<n]))
        return n
    }

    package func write(_ r: consuming Request, node: UInt64, offset: Int64, bytes: RawSpan) {
        counters.count(.write)
        if ProjectTree.isVirtual(node) {
            guard isActive(node, current), offset == 0, bytes.byteCount < 4096 else { return r.fail(.invalid) }
            return serveActivation(r, node, unsafe bytes.withUnsafeBytes { unsafe Array($0) })
        }
        let clears = r.clearsSetID
        do throws(Errno) {
            try checkWritable(node)
            if r.appends {
                let count = try files.append(node, at: offset, bytes, clearsSetID: clears, wasSent: r.isResent, scratch)
                return r.reply(written: count)
            }
            try files.write(node, at: offset, bytes, clearsSetID: clears, scratch)
            r.reply(written: bytes.byteCount)
        } catch { r.fail(error) }
    }

    package func sync(_ r: consuming Request, node: UInt64, dataOnly: Bool) {
        counters.count(.fsync)
        if ProjectTree.isVirtual(node), node != ProjectTree.root { return r.succeed() }
        serve(r, node, changes: false) { id, s throws(Errno) in try files.sync(id, dataOnly: dataOnly, s) }
    }

    package func allocate(_ r: consuming Request, node: UInt64, mode: Int32, offset: Int64, length: Int64) {
        counters.count(.fallocate)
        serve(r, node, changes: true) { id, s throws(Errno) in try files.allocate(id, mode: mode, offset: offset, length: length, s) }
    }

    package func copyRange(_ r: consuming Request, from: UInt64, offset: Int64, to: UInt64, targetOffset: Int64, count: Int) {
        counters.count(.copyFileRange)
        do throws(Errno) {
            if ProjectTree.isVirtual(from) || ProjectTree.isVirtual(to) { throw .crossDevice }
            try checkWritable(to)
            let n = try files.copyRange(from: from, offset: offset, to: to, targetOffset: targetOffset, count: count, scratch)
            r.reply(written: n)
        } catch { r.fail(error) }
    }

    package func seek(_ r: consuming Request, node: UInt64, offset: Int64, whence: Int32) {
        counters.count(.lseek)
        do throws(Errno) {
            if ProjectTree.isVirtual(node) { throw .invalid }
            let at = try files.seek(node, offset: offset, whence: whence, scratch)
            r.reply(offset: at)
        } catch { r.fail(error) }
    }

    package func fileSystemStatus(_ r: consuming Request, node: UInt64) {
        counters.count(.statfs)
        let s = scratch
        do throws(Errno) {
            let real = ProjectTree.isVirtual(node) ? try upper(current, s) : node
            let status = try files.fileSystemStatus(real, s)
            r.reply(status)
        } catch { r.fail(error) }
    }

    /// Serves what answers nothing but success or an error.
    func serve(_ r: consuming Request, _ node: UInt64, changes: Bool, _ work: (UInt64, Scratch) throws(Errno) -> Void) {
        let s = scratch
        do throws(Errno) {
            let real = try real(node, s)
            if changes { try checkWritable(real) }
            try work(real, s)
            r.succeed()
        } catch { r.fail(error) }
    }
}
