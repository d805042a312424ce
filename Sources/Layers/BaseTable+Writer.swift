package import Git
package import Syscalls

extension BaseTable {
    /// One entry to be written. `content` as ``BaseTable/contentOffset(_:)``; for inline entries the writer sets it.
    package struct NewEntry: Sendable {
        package var name: [UInt8]
        package var parent: UInt32
        package var mode: UInt32
        package var size: UInt64
        package var modified: Timestamp
        package var object: ObjectID
        package var flags: Flags
        package var content: Int64
        package var firstChild: UInt32
        package var childCount: UInt32

        package init(name: [UInt8], parent: UInt32, mode: UInt32, size: UInt64 = 0, modified: Timestamp, object: ObjectID = .zero,
                     flags: Flags = [], content: Int64 = 0, firstChild: UInt32 = 0, childCount: UInt32 = 0) {
            self.name = name
            self.parent = parent
            self.mode = mode
            self.size = size
            self.modified = modified
            self.object = object
            self.flags = flags
            self.content = content
            self.firstChild = firstChild
            self.childCount = childCount
        }
    }

    /// Makes the block. `entries[0]` is the root and children are contiguous, as the format demands.
    package struct Writer {
        private var bytes: [UInt8]
        private var nameBytes: [UInt8] = []
        private let capacity: Int
        private let mask: UInt32
        private var slots: [UInt32]
        private var lows: [UInt32] = []
        private var written: UInt32 = 0
        private var parentHashes: [UInt64] = []
        private let seed: UInt64

        /// - Parameters:
        ///   - count: how many entries will be added.
        ///   - seed: sets the inode numbers of one base apart from those of another (a hash of the repo's path).
        package init(count: Int, seed: [UInt8]) {
            capacity = count
            bytes = [UInt8](repeating: 0, count: Layout.header + count * Layout.entry)
            var size = 16
            while size < count * 2 { size *= 2 }
            mask = UInt32(size - 1)
            slots = [UInt32](repeating: 0, count: size)
            lows.reserveCapacity(count)
            parentHashes.reserveCapacity(count)
            self.seed = hashBytes(seed, 0xcbf2_9ce4_8422_2325)
        }

        /// Adds the next entry, parents before children. Returns the low half of its inode number.
        @discardableResult
        package mutating func add(_ e: NewEntry) -> UInt32 {
            let number = written
            written += 1
            let pathHash = number == 0 ? seed : hashBytes(e.name, parentHashes[Int(e.parent)] &* 31 &+ 7)
            parentHashes.append(pathHash)
            var h = pathHash ^ (UInt64(e.mode) &* 0x9e37_79b9_7f4a_7c15) ^ e.object.high
            h = (h ^ h >> 29) &* 0xbf58_476d_1ce4_e5b9
            var low = UInt32(truncatingIfNeeded: h ^ h >> 32)
            while low < 2 || isTaken(low) { low = low &+ 1 }
            insert(low, number)
            lows.append(low)
            let at = Layout.header + Int(number) * Layout.entry
            put(e.object.bytes, at + Layout.oid)
            put(e.mode, at + Layout.mode)
            put(e.size, at + Layout.size)
            put(UInt64(bitPattern: e.modified.seconds), at + Layout.seconds)
            put(e.modified.nanoseconds, at + Layout.nanoseconds)
            put(low, at + Layout.ino)
            put(UInt32(nameBytes.count), at + Layout.nameOffset)
            put(UInt16(e.name.count), at + Layout.nameLength)
            put(e.flags.rawValue, at + Layout.flags)
            put(e.parent, at + Layout.parent)
            put(e.firstChild, at + Layout.firstChild)
            put(e.childCount, at + Layout.childCount)
            put(UInt64(bitPattern: e.content), at + Layout.content)
            nameBytes += e.name
            return low
        }

        private func isTaken(_ low: UInt32) -> Bool {
            var slot = Int(low & mask)
            while slots[slot] != 0 {
                if lows[Int(slots[slot] - 1)] == low { return true }
                slot = (slot + 1) & Int(mask)
            }
            return false
        }

        private mutating func insert(_ low: UInt32, _ number: UInt32) {
            var slot = Int(low & mask)
            while slots[slot] != 0 { slot = (slot + 1) & Int(mask) }
            slots[slot] = number + 1
        }

        /// The finished block. `inline` holds the contents of the inline entries, by entry number.
        package consuming func finish(uid: UInt32, gid: UInt32, key: [UInt8] = [], indexSize: UInt64 = 0,
                                      indexModified: Timestamp = Timestamp(seconds: 0, nanoseconds: 0),
                                      inline: [(entry: UInt32, content: [UInt8])] = []) -> [UInt8] {
            precondition(Int(written) == capacity, "as many entries as announced")
            let names = bytes.count
            bytes += nameBytes
            while bytes.count % 8 != 0 { bytes.append(0) }
            let hash = bytes.count
            bytes.reserveCapacity(hash + slots.count * 4)
            for s in slots { unsafe withUnsafeBytes(of: s.littleEndian) { unsafe bytes.append(contentsOf: $0) } }
            for (entry, content) in inline {
                let at = Layout.header + Int(entry) * Layout.entry
                put(UInt64(bytes.count), at + Layout.content)
                put(UInt64(content.count), at + Layout.size)
                bytes += content
            }
            put(Layout.magic, 0)
            put(written, Layout.entryCount)
            put(mask, Layout.hashMask)
            put(UInt64(names), Layout.names)
            put(UInt64(hash), Layout.hash)
            put(UInt64(bytes.count), Layout.total)
            put(uid, Layout.uid)
            put(gid, Layout.gid)
            put(indexSize, Layout.indexSize)
            put(UInt64(bitPattern: indexModified.seconds), Layout.indexSeconds)
            put(indexModified.nanoseconds, Layout.indexNanoseconds)
            put(Array(key.prefix(32)), Layout.key)
            return bytes
        }

        private mutating func put(_ value: some FixedWidthInteger, _ at: Int) {
            unsafe withUnsafeBytes(of: value.littleEndian) { p in
                for i in 0..<p.count { unsafe bytes[at + i] = p[i] }
            }
        }
        private mutating func put(_ value: [UInt8], _ at: Int) {
            for (i, b) in value.enumerated() { bytes[at + i] = b }
        }
    }
}

/// FNV-1a over bytes, from a given state.
func hashBytes(_ bytes: [UInt8], _ state: UInt64) -> UInt64 {
    var h = state
    for b in bytes { h = (h ^ UInt64(b)) &* 0x100_0000_01b3 }
    return h
}
