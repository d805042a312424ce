internal import Syscalls

/// What a project mount shows of its own: directories, links and files that stand on no disk, and the places where directories of the weave
/// are attached. A value; switching the project or editing its manifest makes another one. Paths are relative to the mount.
package struct ProjectTree: Sendable {
    package enum Item: Sendable, Equatable {
        case link(target: [UInt8])
        case file([UInt8])
        /// A directory of the weave, by its number in ``Passthrough``.
        case attachment(root: UInt16)
        case directory
    }

    package struct Entry: Sendable {
        /// The node id; of an attachment only a place in the listing.
        package let id: UInt64
        package let name: [UInt8]
        package let item: Item
        /// Where its children stand in `entries`, sorted by name.
        package fileprivate(set) var children: [Int] = []
        package var isLink: Bool { if case .link = item { true } else { false } }
    }

    /// A directory whose listing has changed, and the names in it that mean something else.
    package struct Change: Sendable {
        package let directory: UInt64
        package let names: [[UInt8]]
        package init(directory: UInt64, names: [[UInt8]]) {
            self.directory = directory
            self.names = names
        }
    }

    /// The project, as `.rwv-active` says it.
    package let project: String
    /// The number of the root that holds what is written at the mount's top.
    package let upper: UInt16
    /// Attached directories that nothing may be changed in.
    package let readOnly: Set<UInt16>
    /// Two trees with the same contents have the same; 31 bits, never 0.
    package let version: UInt32
    package let entries: [Entry]
    private let index: [UInt64: Int]

    /// The mount's root is 1. Others have bit 62 set, and depend on the path alone, so that a directory that two projects have stays the same one.
    package static let root: UInt64 = 1
    private static let bit: UInt64 = 1 << 62
    package static func isVirtual(_ id: UInt64) -> Bool { id == root || id & bit != 0 }

    /// - Parameter items: by path. What lies below another item than a directory is left out; the first of two wins.
    package init(project: String, upper: UInt16, readOnly: Set<UInt16>, items: [(path: String, item: Item)]) {
        var entries = [Entry(id: Self.root, name: [], item: .directory)]
        var places: [String: Int] = ["": 0]
        func put(_ path: String, _ item: Item) {
            if places[path] != nil { return }
            let parts = path.split(separator: "/")
            let above = parts.dropLast().joined(separator: "/")
            if places[above] == nil { put(above, .directory) }
            guard let name = parts.last, let parent = places[above], entries[parent].item == .directory else { return }
            places[path] = entries.count
            entries[parent].children.append(entries.count)
            entries.append(Entry(id: Self.hash(path) | Self.bit, name: Array(name.utf8), item: item))
        }
        for (path, item) in items { put(path, item) }
        for i in entries.indices {
            let children = entries[i].children.sorted { entries[$0].name.lexicographicallyPrecedes(entries[$1].name) }
            entries[i].children = children
        }
        self.project = project
        self.upper = upper
        self.readOnly = readOnly
        self.entries = entries
        index = Dictionary(entries.enumerated().map { ($1.id, $0) }) { first, _ in first }
        let text = places.sorted { $0.key < $1.key }.map { "\($0.key)=\(entries[$0.value].item)" }.joined(separator: "\n")
        let whole = Self.hash("\(project) \(upper) \(readOnly.sorted())\n\(text)")
        version = UInt32(truncatingIfNeeded: whole ^ whole >> 31) & 0x7fff_ffff | 1
    }

    /// FNV-1a, 52 bits.
    private static func hash(_ text: String) -> UInt64 {
        let h = text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return (h ^ h >> 52) & ((1 << 52) - 1)
    }

    package func entry(_ id: UInt64) -> Entry? { index[id].map { entries[$0] } }

    package func child(_ directory: Entry, _ name: Span<UInt8>) -> Entry? {
        let wanted = name.array
        return directory.children.lazy.map { entries[$0] }.first { $0.name == wanted }
    }

    /// What differs from a tree that was shown before.
    package func changes(since old: ProjectTree) -> [Change] {
        var all: [Change] = []
        for id in Set(index.keys).union(old.index.keys) {
            let before = old.entry(id), after = entry(id)
            guard before?.item == .directory || after?.item == .directory else { continue }
            let was = before.map { old.items($0) } ?? [:], now = after.map { items($0) } ?? [:]
            let names = Set(was.keys).union(now.keys).filter { was[$0] != now[$0] }
            if !names.isEmpty { all.append(Change(directory: id, names: Array(names))) }
        }
        return all
    }

    private func items(_ directory: Entry) -> [[UInt8]: Item] {
        Dictionary(directory.children.map { (entries[$0].name, entries[$0].item) }) { first, _ in first }
    }
}
