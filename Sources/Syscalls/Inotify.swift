internal import CLinux
internal import Glibc

/// An inotify(7) instance: tells what any process does to the names in directories, and to the files that stand there.
/// What it does not tell: stores into a shared mapping, but when that is gone and the file closed, and changes of a file by a name in another directory.
@safe package final class Inotify: @unchecked Sendable {
    /// What happened, as bits of `struct inotify_event.mask`.
    package struct Kinds: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        /// A name was given to what had another.
        package static let movedTo = Kinds(rawValue: 0x80)
        /// A name was made, removed, or moved from or to somewhere.
        package static let names = Kinds(rawValue: 0x40 | 0x80 | 0x100 | 0x200)
        /// A file was written, truncated, or given other attributes; or who could write to it has closed it.
        package static let contents = Kinds(rawValue: 0x2 | 0x4 | 0x8)
        /// A file was written or truncated, told when that has ended; or who could write to it, also through a mapping, has closed it.
        package static let writing = Kinds(rawValue: 0x2 | 0x8)
        /// Events were lost (IN_Q_OVERFLOW); of no directory.
        package static let overflow = Kinds(rawValue: 0x4000)
        /// The watch is gone, with its directory or its file system (IN_IGNORED, IN_UNMOUNT).
        package static let end = Kinds(rawValue: 0x8000 | 0x2000)
    }

    package struct Event: Sendable, Hashable {
        /// The directory's watch; -1 for an overflow.
        package let watch: Int32
        package let kinds: UInt32
        /// Empty: the directory itself.
        package let name: [UInt8]
        package func isAny(of kinds: Kinds) -> Bool { self.kinds & kinds.rawValue != 0 }
    }

    package let descriptor: FileDescriptor
    private let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)

    /// - Throws: EMFILE when the user has as many as fs.inotify.max_user_instances.
    package init() throws(Errno) { descriptor = FileDescriptor(raw: try check(rwv_inotify())) }

    deinit {
        descriptor.close()
        unsafe storage.deallocate()
    }

    /// Watches a directory, of which `handle` is any descriptor (inotify_add_watch(2), IN_ONLYDIR, IN_EXCL_UNLINK). Any thread.
    /// - Returns: the watch, the same for the same directory.
    /// - Throws: EACCES without the right to read it; ENOSPC past fs.inotify.max_user_watches.
    package func watch(_ handle: FileDescriptor) throws(Errno) -> Int32 {
        try check(rwv_inotify_add(descriptor.raw, handle.raw, Kinds.names.union(.contents).rawValue | 0x0100_0000 | 0x0400_0000))
    }

    /// Ends a watch. Any thread.
    package func end(_ watch: Int32) { _ = rwv_inotify_remove(descriptor.raw, watch) }

    /// What has happened since the last call, in order; empty when nothing has. Does not block. One thread at a time.
    package func read() -> [Event] {
        var events: [Event] = []
        while true {
            let n = Int(unsafe rwv_read(descriptor.raw, storage.baseAddress, storage.count))
            guard n > 0 else { return events }
            // struct inotify_event: wd, mask, cookie, length of the name with its padding.
            var at = 0
            while at + 16 <= n {
                let watch = unsafe storage.loadUnaligned(fromByteOffset: at, as: Int32.self)
                let kinds = unsafe storage.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self)
                let length = Int(unsafe storage.loadUnaligned(fromByteOffset: at + 12, as: UInt32.self))
                let name = unsafe Array(UnsafeRawBufferPointer(rebasing: storage[at + 16..<at + 16 + length]).prefix { $0 != 0 })
                events.append(Event(watch: watch, kinds: kinds, name: name))
                at += 16 + length
            }
            // More than this at once is dealt with first.
            if events.count > 4096 { return events }
        }
    }
}
