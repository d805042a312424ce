internal import CGit2

/// A whole git tree, flattened breadth-first: a directory's entries stand together, in bytewise order of name.
/// Nothing but objects was read: a value, equal for equal trees.
package struct TreeListing: Sendable {
    package struct Entry: Sendable {
        /// The index of the directory that holds this entry; the root's is 0.
        package internal(set) var parent: UInt32
        /// Where the name lies in ``TreeListing/names``, in bytes.
        package internal(set) var nameOffset: UInt32
        package internal(set) var nameLength: UInt32
        /// One of ``FileMode``.
        package internal(set) var mode: UInt32
        package internal(set) var oid: ObjectID
        /// For a directory: the range of its entries. Empty for others.
        package internal(set) var firstChild: UInt32 = 0
        package internal(set) var childCount: UInt32 = 0

        package var isDirectory: Bool { mode == FileMode.directory }
        package var isFile: Bool { mode == FileMode.regular || mode == FileMode.executable }
        package var isSymlink: Bool { mode == FileMode.symlink }
        package var isGitlink: Bool { mode == FileMode.gitlink }
        package var children: Range<Int> { Int(firstChild)..<(Int(firstChild) + Int(childCount)) }
    }

    /// The object that was listed.
    package let tree: ObjectID
    /// Entry 0 is the root directory, without a name.
    package internal(set) var entries: [Entry] = []
    /// All names after each other, without separators.
    package internal(set) var names: [UInt8] = []
    /// The indices of all that is not a directory, in the order of a git index (bytewise by path).
    package internal(set) var fileOrder: [UInt32] = []

    package var root: Entry { entries[0] }
    package var fileCount: Int { fileOrder.count }

    /// The last component of an entry's path.
    package func name(_ index: Int) -> ArraySlice<UInt8> {
        let e = entries[index]
        return names[Int(e.nameOffset)..<Int(e.nameOffset + e.nameLength)]
    }

    /// The path of an entry from the root, without a leading slash; empty for the root.
    package func path(_ index: Int) -> [UInt8] {
        var chain: [Int] = []
        var at = index
        while at != 0 { chain.append(at); at = Int(entries[at].parent) }
        var path: [UInt8] = []
        for i in chain.reversed() {
            if !path.isEmpty { path.append(UInt8(ascii: "/")) }
            path += name(i)
        }
        return path
    }

    package func text(_ index: Int) -> String { String(decoding: path(index), as: UTF8.self) }

    /// The entry of this name in a directory (binary search).
    package func child(of directory: Int, named wanted: some Collection<UInt8>) -> Int? {
        var range = entries[directory].children
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            let candidate = name(middle)
            if candidate.elementsEqual(wanted) { return middle }
            if candidate.lexicographicallyPrecedes(wanted) { range = (middle + 1)..<range.upperBound } else { range = range.lowerBound..<middle }
        }
        return nil
    }

    /// The entry at a path with `/` between its components.
    package func find(_ path: some Collection<UInt8>) -> Int? {
        var at = 0
        for component in path.split(separator: UInt8(ascii: "/")) {
            guard let next = child(of: at, named: component) else { return nil }
            at = next
        }
        return at
    }

    /// Hands out every entry of ``fileOrder`` with its path, which is valid only during the call. Allocates nothing per entry.
    package func forEachFile<E: Error>(_ body: (_ position: Int, _ index: Int, _ path: borrowing [UInt8]) throws(E) -> Void) throws(E) {
        var prefix: [UInt8] = []
        var parent = UInt32(0)
        for (position, index) in fileOrder.enumerated() {
            let entry = entries[Int(index)]
            if entry.parent != parent {
                parent = entry.parent
                prefix = path(Int(parent))
                if !prefix.isEmpty { prefix.append(UInt8(ascii: "/")) }
            }
            let length = prefix.count
            prefix += names[Int(entry.nameOffset)..<Int(entry.nameOffset + entry.nameLength)]
            try body(position, Int(index), prefix)
            prefix.removeLast(prefix.count - length)
        }
    }

    init(tree: ObjectID) { self.tree = tree }
}
