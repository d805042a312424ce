internal import Fuse
internal import Layers
internal import Syscalls

/// `.rwv-active` as a way to switch the project: by writing another name and a newline, or by moving a file that says so over it.
extension ProjectHandler {
    /// Whether `node` is the file `.rwv-active`.
    func isActive(_ node: UInt64, _ tree: ProjectTree) -> Bool { tree.entry(node).map { $0.name == Self.activeName } ?? false }

    /// The name that a text says: one line, with its end.
    private static func name(_ text: [UInt8]) throws(Errno) -> [UInt8] {
        guard text.last == 10, text.count > 1, !text.dropLast().contains(10) else { throw .invalid }
        return Array(text.dropLast())
    }

    /// A write into `.rwv-active`. Answered when the kernel knows of the other project, which takes another thread: a handler may not tell it.
    func serveActivation(_ r: consuming Request, _ node: UInt64, _ text: [UInt8]) {
        guard let source else { return r.fail(.io) }
        let request = r.detach()
        do throws(Errno) {
            try Thread.start(stack: 1 << 22) {
                do throws(Errno) {
                    let changes = try source.activate(named: try Self.name(text))
                    // The writer holds pages of the file itself until it is answered.
                    source.tellKernel(changes.filter { $0.directory != node })
                    request.resume().reply(written: text.count)
                    source.tellKernel(changes.filter { $0.directory == node })
                } catch { request.resume().fail(error) }
            }
        } catch { request.resume().fail(error) }
    }

    /// A file moved over `.rwv-active`. The kernel holds the directory's lock until it is answered, so it is told after that.
    func serveActivation(_ r: consuming Request, byMoving name: Span<UInt8>, from parent: UInt64, _ s: Scratch) {
        do throws(Errno) {
            guard let source, parent == ProjectTree.root else { throw .permission }
            let upper = try upper(current, s)
            guard let found = try files.lookup(upper, name, s) else { throw .notFound }
            defer { files.forget(found.id, count: 1) }
            guard found.status.isRegular, found.status.size < 4096 else { throw .invalid }
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
            defer { unsafe buffer.deallocate() }
            let count = try files.read(found.id, at: 0, into: buffer, s)
            let changes = try source.activate(named: try Self.name(unsafe Array(buffer[..<count])))
            try files.unlink(upper, name, wasSent: true, s)
            r.succeed()
            let all = changes + [ProjectTree.Change(directory: ProjectTree.root, names: [Self.activeName])]
            try? Thread.start { source.tellKernel(all) }
        } catch { r.fail(error) }
    }
}
