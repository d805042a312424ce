internal import Syscalls

/// A node that the upper directory has (or had, while the kernel still knows it): where it is, and what it merges with.
/// Nodes that are in the lower only need no such record: everything about them follows from their id.
/// All fields are guarded by the overlay's table lock.
final class UpperNode {
    enum State {
        /// At `parent`/`name` in the upper directory.
        case live
        /// Unlinked, but the kernel may still use it: at `orphans/<id>` in the work directory. Never a directory.
        case orphan
        /// Removed, and nothing is left of it but what the lower knows (or the attributes it had).
        case gone
    }

    let id: NodeID
    var parent: NodeID
    var name: [UInt8]
    /// Further names of a hard-linked file that have been looked up.
    var otherNames: [(parent: NodeID, name: [UInt8])] = []
    let isDirectory: Bool
    /// The lower directory whose entries show through; nil for files, new and opaque directories.
    var lowerID: NodeID?
    /// A directory in which whiteouts are files with an attribute (`opaque=x`).
    var marksWhiteouts = false
    var state = State.live
    /// How many references the kernel holds, as far as we counted. Look-ups made before a copy-up are not in it, so it may fall below zero.
    var lookups: Int64 = 0
    /// Read back after a restart: the kernel may hold any number of references, so counting to zero says nothing.
    var isInherited = false
    /// The key under which `aliases` has it.
    var alias: UInt64?
    /// The permissions of a removed directory.
    var lastMode: UInt32 = 0

    init(id: NodeID, parent: NodeID, name: [UInt8], isDirectory: Bool, lowerID: NodeID?) {
        self.id = id
        self.parent = parent
        self.name = name
        self.isDirectory = isDirectory
        self.lowerID = lowerID
    }

    func has(_ parent: NodeID, _ name: Span<UInt8>) -> Bool {
        if self.parent == parent, same(self.name, name) { return true }
        for other in otherNames where other.parent == parent && same(other.name, name) { return true }
        return false
    }

    /// Takes one name away. Returns whether another one is left.
    func remove(_ parent: NodeID, _ name: Span<UInt8>) -> Bool {
        if self.parent == parent, same(self.name, name) {
            guard let next = otherNames.popLast() else { return false }
            (self.parent, self.name) = next
            return true
        }
        let bytes = name.array
        otherNames.removeAll { $0.parent == parent && $0.name == bytes }
        return true
    }

    func add(_ parent: NodeID, _ name: Span<UInt8>) {
        if has(parent, name) { return }
        otherNames.append((self.parent, self.name))
        (self.parent, self.name) = (parent, name.array)
    }

    private func same(_ a: [UInt8], _ b: Span<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        for i in a.indices where a[i] != b[i] { return false }
        return true
    }
}
