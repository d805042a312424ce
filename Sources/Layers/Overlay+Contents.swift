package import Syscalls

extension Overlay {
    /// Fills `buffer` with a file's content from `offset` on; returns the number of bytes, fewer only at the end of the file.
    @safe package func read(_ id: NodeID, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer, _ s: Scratch) throws(Errno) -> Int {
        let found = try onNode(id) { () throws(Errno) -> ReadResult in
            let place = try locate(id, nil, s.path)
            guard place.isUpper else {
                guard let e = place.lower else { throw .stale }
                return .ofLower(lower, e)
            }
            return .filled(try withFile(id, place, s) { file throws(Errno) in try unsafe file.read(at: offset, into: buffer) })
        }
        switch found {
        case .filled(let count): return count
        // Without a lock: an entry of a lower says the same for ever, and its blob may have to be inflated, or fetched from afar.
        case .ofLower(let tree, let e): return try tree.read(e, at: offset, into: buffer)
        }
    }

    private enum ReadResult {
        case filled(Int)
        case ofLower(LowerTree, LowerEntry)
    }

    /// Writes all of `bytes` at `offset`. - Throws: ENOSPC, EFBIG, EROFS.
    package func write(_ id: NodeID, at offset: Int64, _ bytes: RawSpan, clearsSetID: Bool, _ s: Scratch) throws(Errno) {
        try onNode(id) { () throws(Errno) in
            try withFile(id, try materialized(id, s), s) { file throws(Errno) in
                try file.write(at: offset, bytes)
                if clearsSetID { try file.clearSetID() }
            }
        }
    }

    /// Materializes a node and says where it is then. Under `namespace`.
    func materialized(_ id: NodeID, keep: Int64 = .max, _ s: Scratch) throws(Errno) -> Place {
        try requireUnsealed()
        let place = try locate(id, nil, s.path)
        if place.isUpper { return place }
        // A removed name whose file is still open gets a copy without a name.
        try materialize(id, s, keep: keep)
        return try locate(id, nil, s.path)
    }

    /// Runs `body` on the upper file at `s.path`, open for reading and writing.
    func withFile<R>(_ id: NodeID, _ place: Place, _ s: Scratch, _ body: (FileDescriptor) throws(Errno) -> R) throws(Errno) -> R {
        try files.with(id.raw, open: { () throws(Errno) in try open(id, place, s) }, body)
    }

    /// Opens a file for reading and writing.
    private func open(_ id: NodeID, _ place: Place, _ s: Scratch) throws(Errno) -> FileDescriptor {
        try lifting(place.base, s.path, 0o600) { () throws(Errno) in try place.base.openBeneath(s.path, OpenFlags.readWrite | OpenFlags.nonBlocking) }
    }

    /// Opens a directory of the upper for listing; one whose owner may not read it can still be found empty, or synced.
    func openDirectory(_ path: PathBuffer) throws(Errno) -> FileDescriptor {
        try lifting(upper, path, 0o500) { () throws(Errno) in try upper.openBeneath(path, OpenFlags.directory) }
    }

    /// fsync(2) of a file or directory; nothing to do for what only the lower has.
    package func sync(_ id: NodeID, dataOnly: Bool, _ s: Scratch) throws(Errno) {
        try onNode(id) { () throws(Errno) in
            let place = try locate(id, nil, s.path)
            guard place.isUpper else { return }
            if table.withLock({ nodes[id.raw]?.isDirectory ?? false }) {
                let directory = OwnedDescriptor(try openDirectory(s.path))
                return try directory.descriptor.sync(dataOnly: dataOnly)
            }
            try withFile(id, place, s) { file throws(Errno) in try file.sync(dataOnly: dataOnly) }
        }
    }

    package func allocate(_ id: NodeID, mode: Int32, offset: Int64, length: Int64, _ s: Scratch) throws(Errno) {
        try onNode(id) { () throws(Errno) in
            try withFile(id, try materialized(id, s), s) { file throws(Errno) in try file.allocate(mode: mode, offset: offset, length: length) }
        }
    }

    /// lseek(2) with SEEK_DATA (3) or SEEK_HOLE (4). The lower has no holes.
    package func seek(_ id: NodeID, offset: Int64, whence: Int32, _ s: Scratch) throws(Errno) -> Int64 {
        try onNode(id) { () throws(Errno) in
            let place = try locate(id, nil, s.path)
            if place.isUpper { return try withFile(id, place, s) { file throws(Errno) in try file.seek(offset, whence: whence) } }
            guard let e = place.lower else { throw .stale }
            let size = Int64(lower.size(e))
            guard offset >= 0, offset < size else { throw .noEntryInRange }
            return whence == 3 ? offset : size
        }
    }

    /// copy_file_range(2) between two files of this view; returns the number of bytes copied.
    package func copyRange(from: NodeID, offset: Int64, to: NodeID, targetOffset: Int64, count: Int, _ s: Scratch) throws(Errno) -> Int {
        try onNode(to) { () throws(Errno) in try copyRangeLocked(from, offset, to, targetOffset, count, s) }
    }

    private func copyRangeLocked(_ from: NodeID, _ offset: Int64, _ to: NodeID, _ targetOffset: Int64, _ count: Int, _ s: Scratch) throws(Errno) -> Int {
        let target = try materialized(to, s)
        return try withFile(to, target, s) { (out: FileDescriptor) throws(Errno) -> Int in
            let source = try locate(from, nil, s.other)
            if source.isUpper {
                let file = OwnedDescriptor(try lifting(source.base, s.other, 0o400) { () throws(Errno) in
                    try source.base.openBeneath(s.other, OpenFlags.readOnly | OpenFlags.nonBlocking)
                })
                return try file.descriptor.copyRange(from: offset, to: out, at: targetOffset, count: count)
            }
            guard let e = source.lower else { throw .stale }
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count, 1 << 20), alignment: 4096)
            defer { unsafe buffer.deallocate() }
            let n = try lower.read(e, at: offset, into: buffer)
            try unsafe out.write(at: targetOffset, UnsafeRawBufferPointer(rebasing: buffer[..<n]))
            return n
        }
    }

    package func fileSystemStatus() throws(Errno) -> FileSystemStatus { try upper.fileSystemStatus() }
}
