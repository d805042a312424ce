internal import CLinux
internal import Glibc

/// One record of a directory (getdents64(2)).
package struct DirectoryEntry: Sendable, Hashable {
    /// The name, as bytes; never "." or "..".
    package let name: [UInt8]
    /// `d_type`; zero when the disk does not say.
    package let type: UInt8
    package var text: String { String(decoding: name, as: UTF8.self) }
}

extension FileDescriptor {
    /// All entries of the open directory from its start, unsorted, without "." and "..".
    package func directoryEntries() throws(Errno) -> [DirectoryEntry] {
        var entries: [DirectoryEntry] = []
        _ = rwv_lseek(raw, 0, SEEK_SET)
        let buffer = DirectoryBuffer()
        while try buffer.fill(from: self) {
            buffer.forEach { name, type, _, _ in
                entries.append(DirectoryEntry(name: name.array, type: type))
                return true
            }
        }
        return entries
    }
}

/// A reusable buffer of raw directory records, for reading directories without allocating. One thread at a time.
@safe package final class DirectoryBuffer {
    private let storage: UnsafeMutableRawBufferPointer
    private var filled = 0

    package init(capacity: Int = 32768) {
        unsafe storage = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 8)
    }

    deinit { unsafe storage.deallocate() }

    /// Reads the next records. False at the end of the directory.
    package func fill(from directory: FileDescriptor) throws(Errno) -> Bool {
        filled = try check(unsafe rwv_getdents(directory.raw, storage.baseAddress, storage.count))
        return filled > 0
    }

    /// Hands out the records but for "." and "..", until `body` returns false. Returns false if it did.
    /// `name` is valid only during the call; `next` is the cookie of the record after this one (`d_off`).
    @discardableResult
    package func forEach(_ body: (_ name: Span<UInt8>, _ type: UInt8, _ next: Int64, _ ino: UInt64) -> Bool) -> Bool {
        var at = 0
        while at < filled {
            let length = Int(unsafe storage.loadUnaligned(fromByteOffset: at + 16, as: UInt16.self))
            let ino = unsafe storage.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            let next = unsafe storage.loadUnaligned(fromByteOffset: at + 8, as: Int64.self)
            let type = unsafe storage[at + 18]
            guard let base = unsafe storage.baseAddress else { return true }
            let start = unsafe (base + at + 19).assumingMemoryBound(to: UInt8.self)
            let count = unsafe strlen(UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self))
            at += length
            let dots = unsafe (count == 1 && start[0] == 46) || (count == 2 && start[0] == 46 && start[1] == 46)
            if dots { continue }
            let name = unsafe Span(_unsafeStart: start, count: count)
            if !body(name, type, next, ino) { return false }
        }
        return true
    }
}

extension Span where Element == UInt8 {
    /// A copy of the bytes.
    package var array: [UInt8] {
        unsafe withUnsafeBytes { p in unsafe Array(p) }
    }

    /// The bytes as text, repaired where they are not UTF-8; for messages.
    package var text: String {
        unsafe withUnsafeBytes { p in unsafe String(decoding: p, as: UTF8.self) }
    }
}
