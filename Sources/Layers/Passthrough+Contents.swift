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
