package import Syscalls

extension Passthrough {
    /// Fills `buffer` with a file's content from `offset` on; returns the number of bytes, fewer only at the end of the file.
    @safe package func read(_ id: UInt64, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer, _ s: Scratch) throws(Errno) -> Int {
        try withReader(try node(id), s) { file throws(Errno) in try unsafe file.read(at: offset, into: buffer) }
    }

    /// Writes all of `bytes` at `offset`; they are in the clone's file when this returns.
    package func write(_ id: UInt64, at offset: Int64, _ bytes: RawSpan, clearsSetID: Bool, _ s: Scratch) throws(Errno) {
        let node = try node(id)
        try withWriter(node, s) { file throws(Errno) in
            try file.write(at: offset, bytes)
            if clearsSetID { try file.clearSetID() }
            noteOwnChange(node, file)
        }
    }

    /// Writes `bytes` at the file's end, which the kernel believes to be at `offset`: somebody else may have appended since.
    /// - Parameter wasSent: a server that died may have done it already.
    /// - Returns: how many bytes were written.
    package func append(_ id: UInt64, at offset: Int64, _ bytes: RawSpan, clearsSetID: Bool, wasSent: Bool, _ s: Scratch) throws(Errno) -> Int {
        let node = try node(id)
        if wasSent, try isWritten(node, at: offset, bytes, s) { return bytes.byteCount }
        return try withWriter(node, s) { file throws(Errno) in
            let count = try file.append(bytes)
            if clearsSetID { try file.clearSetID() }
            // Elsewhere than the kernel has put it, it is to be told of like a change by somebody else.
            let status = try file.status()
            if status.size == UInt64(offset) + UInt64(count) { noteOwnChange(node, status) }
            return count
        }
    }

    /// Whether the file has these bytes where they were to be, or last.
    private func isWritten(_ node: PassthroughNode, at offset: Int64, _ bytes: RawSpan, _ s: Scratch) throws(Errno) -> Bool {
        try withReader(node, s) { file throws(Errno) in
            var found = [UInt8](repeating: 0, count: bytes.byteCount)
            for place in [offset, Int64(try file.status().size) - Int64(bytes.byteCount)] where place >= 0 {
                let result: Result<Int, Errno> = unsafe found.withUnsafeMutableBytes { p in
                    do throws(Errno) { return .success(unsafe try file.read(at: place, into: p)) } catch { return .failure(error) }
                }
                if try result.get() == bytes.byteCount, unsafe bytes.withUnsafeBytes({ unsafe $0.elementsEqual(found) }) { return true }
            }
            return false
        }
    }

    /// fsync(2) of a file or directory.
    package func sync(_ id: UInt64, dataOnly: Bool, _ s: Scratch) throws(Errno) {
        let node = try node(id)
        if node.isDirectory {
            let directory = OwnedDescriptor(try withDirectory(node, s) { handle throws(Errno) in try handle.open(handleWith: OpenFlags.directory) })
            return try directory.descriptor.sync(dataOnly: dataOnly)
        }
        do throws(Errno) {
            try withReader(node, s) { file throws(Errno) in try file.sync(dataOnly: dataOnly) }
        } catch where error == .accessDenied {
            try withWriter(node, s) { file throws(Errno) in try file.sync(dataOnly: dataOnly) }
        }
    }

    /// fallocate(2).
    package func allocate(_ id: UInt64, mode: Int32, offset: Int64, length: Int64, _ s: Scratch) throws(Errno) {
        try withWriter(try node(id), s) { file throws(Errno) in try file.allocate(mode: mode, offset: offset, length: length) }
    }

    /// lseek(2) with SEEK_DATA (3) or SEEK_HOLE (4).
    package func seek(_ id: UInt64, offset: Int64, whence: Int32, _ s: Scratch) throws(Errno) -> Int64 {
        // The position of a descriptor is shared by all who use it: one of our own.
        let file = OwnedDescriptor(try withReader(try node(id), s) { file throws(Errno) in
            try file.open(handleWith: OpenFlags.readOnly | OpenFlags.nonBlocking)
        })
        return try file.descriptor.seek(offset, whence: whence)
    }

    /// copy_file_range(2); returns the number of bytes copied.
    package func copyRange(from: UInt64, offset: Int64, to: UInt64, targetOffset: Int64, count: Int, _ s: Scratch) throws(Errno) -> Int {
        let source = try node(from)
        return try withWriter(try node(to), s) { target throws(Errno) in
            try withReader(source, s) { file throws(Errno) in try file.copyRange(from: offset, to: target, at: targetOffset, count: count) }
        }
    }
}
