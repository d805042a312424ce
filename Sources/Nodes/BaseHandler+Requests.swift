package import Fuse
internal import Layers
internal import Syscalls

extension BaseHandler {
    package func lookup(_ r: consuming Request, parent: UInt64, name: Span<UInt8>) {
        counters.count(.lookup)
        do throws(Errno) {
            let e = try child(parent, name)
            countRoot(e, in: parent)
            _ = r.reply(e)
        } catch { error == .notFound ? r.replyNegative(timeout: parent <= BaseNode.layers.raw ? 0 : Entry.forEver) : r.fail(error) }
    }

    private func child(_ parent: UInt64, _ name: Span<UInt8>) throws(Errno) -> Entry {
        if let p = try find(parent) {
            guard let found = p.child(name) else { throw .notFound }
            return Entry(node: found.node.raw, generation: generation, status: found.status)
        }
        guard let node = lead(BaseNode(raw: parent), name) else { throw .notFound }
        return try entry(node)
    }

    package func attributes(_ r: consuming Request, node: UInt64) {
        counters.count(.getattr)
        do throws(Errno) { r.reply(attributes: try entry(BaseNode(raw: node)).status) } catch { r.fail(error) }
    }

    package func readLink(_ r: consuming Request, node: UInt64) {
        counters.count(.readlink)
        do throws(Errno) {
            guard let p = try find(node) else { throw .invalid }
            r.reply(link: try p.tree.content(p.entry))
        } catch { r.fail(error) }
    }

    package func read(_ r: consuming Request, node: UInt64, offset: Int64, size: Int) {
        counters.count(.read)
        guard let buffer = Worker.current?.reply else { return r.fail(.io) }
        do throws(Errno) {
            guard let p = try find(node) else { throw .isDirectory }
            buffer.start(limit: size)
            try buffer.fill { b throws(Errno) in try p.tree.read(p.entry, at: offset, into: b) }
            r.reply(buffer)
        } catch { r.fail(error) }
    }

    package func fileSystemStatus(_ r: consuming Request, node: UInt64) {
        counters.count(.statfs)
        r.reply(FileSystemStatus())
    }

    // overlayfs asks for one attribute of every file and directory it looks up. A base has none: the kernel is told once that there is no
    // such thing here, and asks no more.
    package func getAttribute(_ r: consuming Request, node: UInt64, name: String, size: Int) {
        counters.count(.getxattr)
        r.fail(.notImplemented)
    }

    package func listAttributes(_ r: consuming Request, node: UInt64, size: Int) {
        counters.count(.listxattr)
        r.reply(attribute: [], asked: size)
    }

    package func readDirectory(_ r: consuming Request, node: UInt64, offset: Int64, size: Int, plus: Bool) {
        counters.count(.readdir)
        guard let buffer = Worker.current?.reply else { return r.fail(.io) }
        buffer.start(limit: size)
        do throws(Errno) {
            if let p = try find(node) { list(r, p, offset, plus, buffer) } else { try listLeads(r, node, offset, plus, buffer) }
        } catch { return r.fail(error) }
        r.reply(buffer)
    }

    /// "." and "..", which overlayfs wants: offsets 1 and 2 are past them. False when the answer is full.
    private func addDots(_ r: borrowing Request, _ node: UInt64, _ offset: Int64, _ plus: Bool, _ buffer: ReplyBuffer) -> Bool {
        var status = FileStatus()
        for (i, name) in [[UInt8(ascii: ".")], [UInt8(ascii: "."), UInt8(ascii: ".")]].enumerated() where offset <= Int64(i) {
            (status.ino, status.mode) = (i == 0 ? node : 1, FileType.directory.rawValue)
            let fits = plus ? r.add(name: name.span, entry: Entry(node: 0, generation: 0, status: status), next: Int64(i + 1), to: buffer)
                : r.add(name: name.span, node: status.ino, type: FileType.directory.directoryRecordType, next: Int64(i + 1), to: buffer)
            if !fits { return false }
        }
        return true
    }

    private func add(_ r: borrowing Request, _ name: Span<UInt8>, _ e: Entry, _ next: Int64, _ plus: Bool, _ buffer: ReplyBuffer) -> Bool {
        plus ? r.add(name: name, entry: e, next: next, to: buffer) : r.add(name: name, node: e.node, type: UInt8(e.status.mode >> 12), next: next, to: buffer)
    }

    private func listLeads(_ r: borrowing Request, _ node: UInt64, _ offset: Int64, _ plus: Bool, _ buffer: ReplyBuffer) throws(Errno) {
        guard addDots(r, node, offset, plus, buffer) else { return }
        for lead in leads(BaseNode(raw: node)) where lead.next > offset {
            let e = try entry(lead.node)
            if !add(r, lead.name.span, e, lead.next, plus, buffer) { return }
            if plus { countRoot(e, in: node) }
        }
    }

    private func list(_ r: borrowing Request, _ p: Found, _ offset: Int64, _ plus: Bool, _ buffer: ReplyBuffer) {
        guard addDots(r, p.node.raw, offset, plus, buffer) else { return }
        let count = p.tree.childCount(p.entry), generation = generation
        var i = Int(max(0, offset - 2))
        while i < count {
            let found = p.at(p.tree.child(p.entry, at: i))
            i += 1
            guard p.shows(found.entry) else { continue }
            let e = Entry(node: found.node.raw, generation: generation, status: found.status)
            if !p.tree.withName(found.entry, { name in add(r, name, e, Int64(i + 2), plus, buffer) }) { return }
        }
    }
}
