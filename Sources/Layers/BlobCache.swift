package import Git
package import Syscalls

/// The inflated blobs of one clone, in one append-only file: the first touch inflates, every later one (by any workweave) is a pread(2).
///
/// Beside it lies a list of where each blob is: records of 40 bytes (20 object id, 8 offset, 8 size, 4 check), little-endian.
/// Both are rebuilt when anything about them is odd: they belong to another boot and were not closed, are cut short, or fail a check.
/// Safe to use from any thread.
package final class BlobCache: BlobSource {
    /// Reads a whole blob from git. Called without a lock, possibly on several threads at once.
    package typealias Loader = @Sendable (ObjectID) throws(Errno) -> [UInt8]

    /// Writes a whole blob to a new file. For blobs that should not be in memory at once.
    package typealias FileLoader = @Sendable (_ blob: ObjectID, _ path: String) throws(Errno) -> Void
    /// Bytes; larger blobs lie in files of their own.
    private static let largeBlob: UInt64 = 32 << 20

    private struct Place {
        let offset: UInt64
        let size: UInt64
    }
    private struct State {
        var places: [ObjectID: Place] = [:]
        var end: UInt64 = 0
    }

    private static let recordSize = 40
    private let data: FileDescriptor
    private let list: FileDescriptor
    private let limit: UInt64
    private let state = Locked(State())
    private let load: Loader
    private let loadFile: FileLoader
    private let path: String
    private let largeLock = Lock()
    /// Readers share it; starting over excludes them.
    private let generation = ReadWriteLock()

    /// - Parameters:
    ///   - path: of the data file; the list has `.list` added.
    ///   - limit: in bytes; past it the cache starts over.
    package init(path: String, limit: UInt64 = 4 << 30, load: @escaping Loader, loadFile: @escaping FileLoader) throws(Errno) {
        self.limit = limit
        self.load = load
        self.loadFile = loadFile
        self.path = path
        data = try Files.open(path, OpenFlags.readWrite | OpenFlags.create, mode: 0o600)
        list = try Files.open(path + ".list", OpenFlags.readWrite | OpenFlags.create, mode: 0o600)
        if try !restore() { try startOver() }
    }

    deinit {
        try? data.sync(dataOnly: true)
        data.close()
        list.close()
    }

    /// The boot that wrote the list, as its first 40 bytes: after a crash of the machine the data may be missing.
    private static var bootMark: [UInt8] {
        let id = (try? Files.read("/proc/sys/kernel/random/boot_id")) ?? []
        var mark = Array(id.prefix(36))
        while mark.count < recordSize { mark.append(0) }
        return mark
    }

    private func restore() throws(Errno) -> Bool {
        let size = try data.status().size
        let length = try list.status().size
        guard length >= UInt64(Self.recordSize) else { return false }
        let table = try MappedFile(list)
        guard table.withBytes(0, Self.recordSize, { $0.array }) == Self.bootMark else { return false }
        var restored = State()
        var at = Self.recordSize
        while at + Self.recordSize <= table.count {
            let id = ObjectID(high: table.u64(at).byteSwapped, middle: table.u64(at + 8).byteSwapped, low: table.u32(at + 16).byteSwapped)
            let place = Place(offset: table.u64(at + 20), size: table.u64(at + 28))
            guard table.u32(at + 36) == Self.check(id, place), place.offset + place.size <= size else { return false }
            restored.places[id] = place
            restored.end = max(restored.end, place.offset + place.size)
            at += Self.recordSize
        }
        // A record that was being written when its writer died is overwritten by the next.
        if at != table.count { try list.truncate(to: Int64(at)) }
        state.withLock { $0 = restored }
        return true
    }

    private static func check(_ id: ObjectID, _ place: Place) -> UInt32 {
        let h = (id.high ^ place.offset &* 0x9e37_79b9_7f4a_7c15 ^ place.size) &* 0xbf58_476d_1ce4_e5b9
        return UInt32(truncatingIfNeeded: h >> 32) | 1
    }

    private func startOver() throws(Errno) {
        try list.truncate(to: 0)
        try data.truncate(to: 0)
        var mark = Self.bootMark
        let result: Result<Void, Errno> = unsafe mark.withUnsafeMutableBytes { p in
            do throws(Errno) { return .success(try unsafe list.write(at: 0, UnsafeRawBufferPointer(p))) } catch { return .failure(error) }
        }
        try result.get()
        state.withLock { $0 = State() }
    }

    package func read(_ blob: ObjectID, size: UInt64, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        if size > Self.largeBlob { return try unsafe readLarge(blob, at: offset, into: buffer) }
        generation.readLock()
        if let place = state.withLock({ $0.places[blob] }) {
            defer { generation.unlock() }
            let count = max(0, min(buffer.count, Int(clamping: Int64(place.size) - offset)))
            return try unsafe data.read(at: Int64(place.offset) + offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        }
        generation.unlock()
        let bytes = try load(blob)
        try? store(blob, bytes)
        let count = max(0, min(buffer.count, bytes.count - Int(offset)))
        if count > 0 {
            unsafe bytes.withUnsafeBytes { p in
                unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: p[Int(offset)..<(Int(offset) + count)]))
            }
        }
        return count
    }

    /// A blob in a file of its own, `PATH.large/ID`, written whole before it gets its name.
    private func readLarge(_ blob: ObjectID, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        let name = "\(path).large/\(blob.hex)"
        if !Files.exists(name) {
            largeLock.lock()
            defer { largeLock.unlock() }
            if !Files.exists(name) {
                try Files.makeDirectories(path + ".large", mode: 0o700)
                let temporary = "\(name).\(randomHex(4))"
                do throws(Errno) {
                    try loadFile(blob, temporary)
                    try Files.rename(temporary, name)
                } catch {
                    try? Files.unlink(temporary)
                    throw error
                }
            }
        }
        let file = OwnedDescriptor(try Files.open(name))
        return try unsafe file.descriptor.read(at: offset, into: buffer)
    }

    /// Appends a blob: its bytes first, then the record that names them. A full disk leaves the cache as it was.
    private func store(_ blob: ObjectID, _ bytes: [UInt8]) throws(Errno) {
        if state.withLock({ $0.end + UInt64(bytes.count) > limit }) {
            generation.writeLock()
            defer { generation.unlock() }
            try startOver()
        }
        generation.readLock()
        defer { generation.unlock() }
        let place = state.withLock { s -> Place? in
            guard s.places[blob] == nil else { return nil }
            let p = Place(offset: s.end, size: UInt64(bytes.count))
            s.end += p.size
            return p
        }
        guard let place else { return }
        unsafe try data.write(at: Int64(place.offset), bytes.span.bytes)
        var record = blob.bytes
        unsafe withUnsafeBytes(of: place.offset.littleEndian) { unsafe record.append(contentsOf: $0) }
        unsafe withUnsafeBytes(of: place.size.littleEndian) { unsafe record.append(contentsOf: $0) }
        unsafe withUnsafeBytes(of: Self.check(blob, place).littleEndian) { unsafe record.append(contentsOf: $0) }
        try state.withLock { s throws(Errno) in
            guard s.places[blob] == nil else { return }
            unsafe try list.write(at: Int64((s.places.count + 1) * Self.recordSize), record.span.bytes)
            s.places[blob] = place
        }
    }
}
