package import Fuse
internal import Layers
internal import Syscalls

/// Requests for the contents and extended attributes of one node.
extension WorkweavesHandler {
    package func read(_ r: consuming Request, node: UInt64, offset: Int64, size: Int) {
        counters.count(.read)
        guard let buffer = Worker.current?.reply else { return r.fail(.io) }
        do throws(Errno) {
            let o = try overlay(node), s = scratch
            buffer.start(limit: size)
            try buffer.fill { p throws(Errno) in try o.read(NodeID(raw: node), at: offset, into: p, s) }
            r.reply(buffer)
        } catch { r.fail(error) }
    }

    package func write(_ r: consuming Request, node: UInt64, offset: Int64, bytes: RawSpan) {
        counters.count(.write)
        let clears = r.clearsSetID
        do throws(Errno) {
            let o = try overlay(node), s = scratch
            try whenFull(o) { () throws(Errno) in try o.write(NodeID(raw: node), at: offset, bytes, clearsSetID: clears, s) }
            r.reply(written: bytes.byteCount)
        } catch { r.fail(error) }
    }

    package func sync(_ r: consuming Request, node: UInt64, dataOnly: Bool) {
        counters.count(.fsync)
        if node == 1 { return r.succeed() }
        serveChange(r, node) { o, s throws(Errno) in try o.sync(NodeID(raw: node), dataOnly: dataOnly, s) }
    }

    package func readDirectory(_ r: consuming Request, node: UInt64, offset: Int64, size: Int, plus: Bool) {
        counters.count(.readdir)
        serveReadDirectory(r, node, offset, size, plus)
    }

    package func fileSystemStatus(_ r: consuming Request, node: UInt64) {
        counters.count(.statfs)
        do throws(Errno) {
            let any = node == 1 ? anyOverlay : try overlay(node)
            let status = try any?.fileSystemStatus() ?? FileSystemStatus()
            r.reply(status)
        } catch { r.fail(error) }
    }

    package func getAttribute(_ r: consuming Request, node: UInt64, name: String, size: Int) {
        counters.count(.getxattr)
        if node == 1 || rootLink(node) != nil || mountPoint(node) != nil { return r.fail(.noData) }
        do throws(Errno) {
            guard let value = try overlay(node).attribute(NodeID(raw: node), name, scratch) else { return r.fail(.noData) }
            r.reply(attribute: value, asked: size)
        } catch { r.fail(error) }
    }

    package func setAttribute(_ r: consuming Request, node: UInt64, name: String, value: [UInt8], flags: Int32) {
        counters.count(.setxattr)
        // XATTR_CREATE (1) of a request that was carried out already would find its own work.
        let flags = r.isResent ? flags & ~1 : flags
        serveChange(r, node) { o, s throws(Errno) in try o.setAttribute(NodeID(raw: node), name, value, flags: flags, s) }
    }

    package func listAttributes(_ r: consuming Request, node: UInt64, size: Int) {
        counters.count(.listxattr)
        if node == 1 || rootLink(node) != nil || mountPoint(node) != nil { return r.reply(attribute: [], asked: size) }
        do throws(Errno) {
            let names = try overlay(node).attributeNames(NodeID(raw: node), scratch)
            r.reply(attribute: names, asked: size)
        } catch { r.fail(error) }
    }

    package func removeAttribute(_ r: consuming Request, node: UInt64, name: String) {
        counters.count(.removexattr)
        let resent = r.isResent
        serveChange(r, node) { o, s throws(Errno) in
            do throws(Errno) { try o.removeAttribute(NodeID(raw: node), name, s) } catch { throw resent && error == .noData ? .again : error }
        }
    }

    package func allocate(_ r: consuming Request, node: UInt64, mode: Int32, offset: Int64, length: Int64) {
        counters.count(.fallocate)
        serveChange(r, node) { o, s throws(Errno) in try o.allocate(NodeID(raw: node), mode: mode, offset: offset, length: length, s) }
    }

    package func copyRange(_ r: consuming Request, from: UInt64, offset: Int64, to: UInt64, targetOffset: Int64, count: Int) {
        counters.count(.copyFileRange)
        if NodeID(raw: from).workweave != NodeID(raw: to).workweave { return r.fail(.crossDevice) }
        do throws(Errno) {
            let n = try overlay(to).copyRange(from: NodeID(raw: from), offset: offset, to: NodeID(raw: to), targetOffset: targetOffset, count: count, scratch)
            r.reply(written: n)
        } catch { r.fail(error) }
    }

    package func seek(_ r: consuming Request, node: UInt64, offset: Int64, whence: Int32) {
        counters.count(.lseek)
        do throws(Errno) {
            let at = try overlay(node).seek(NodeID(raw: node), offset: offset, whence: whence, scratch)
            r.reply(offset: at)
        } catch { r.fail(error) }
    }
}
