/// Two paths that cannot stand beside each other.
package struct RepoPathConflict: Equatable, Sendable {
    /// The earlier of the two, or the one that lies outside.
    package let first: RepoPath
    /// The later, or the one inside.
    package let second: RepoPath

    package init(_ first: RepoPath, _ second: RepoPath) {
        self.first = first
        self.second = second
    }
}

extension RepoPath {
    /// Every pair of which the second lies inside the first, by bytes.
    package static func nestings(in paths: [RepoPath]) -> [RepoPathConflict] {
        conflicts(paths) { $0 }.filter { $0.first != $0.second }
    }

    /// Every pair that a disk which does not tell upper from lower case would take for the same directory, or for one
    /// inside the other, though the bytes differ. The caller knows whether the disk is such a one.
    package static func caseInsensitiveCollisions(in paths: [RepoPath]) -> [RepoPathConflict] {
        conflicts(paths) { $0.lowercased() }.filter { pair in
            pair.first != pair.second && !pair.second.text.utf8.starts(with: (pair.first.text + "/").utf8)
        }
    }

    /// Pairs whose folded spellings are equal or inside each other: first the equal ones, each with the earliest of its spelling, then
    /// those inside, from the outermost, both in the order of the second. Sorted, not hashed: for a dictionary Swift's runtime looks
    /// through all conformances of the program, which takes longer than the rest of reading a manifest.
    private static func conflicts(_ paths: [RepoPath], fold: (String) -> String) -> [RepoPathConflict] {
        let keys = paths.map { fold($0.text) }
        let order = keys.indices.sorted { a, b in comesBefore(keys[a].utf8, keys[b].utf8) ?? (a < b) }
        var found: [(second: Int, depth: Int, first: Int)] = []
        // The paths around the one that is looked at, each inside the one before.
        var around: [Int] = []
        for at in order {
            while let outer = around.last, !isInside(keys[at].utf8, keys[outer].utf8) { around.removeLast() }
            let isEqual = around.last.map { keys[$0].utf8.count == keys[at].utf8.count } ?? false
            if isEqual, let same = around.last { found.append((at, 0, same)) } else { around.append(at) }
            for (depth, outer) in around.dropLast().enumerated() { found.append((at, depth + 1, outer)) }
        }
        if found.isEmpty { return [] }
        let (equal, inside) = (found.filter { $0.depth == 0 }, found.filter { $0.depth > 0 })
        return (equal.sorted { $0.second < $1.second } + inside.sorted { ($0.second, $0.depth) < ($1.second, $1.depth) })
            .map { RepoPathConflict(paths[$0.first], paths[$0.second]) }
    }

    /// The order in which `/` goes before every other byte, so that what lies inside a path follows it at once; nil for equal ones.
    private static func comesBefore(_ a: String.UTF8View, _ b: String.UTF8View) -> Bool? {
        let (x, y) = (a.span, b.span)
        for i in 0..<min(x.count, y.count) where x[i] != y[i] {
            return x[i] == UInt8(ascii: "/") || (y[i] != UInt8(ascii: "/") && x[i] < y[i])
        }
        return x.count == y.count ? nil : x.count < y.count
    }

    /// Whether `inner` is `outer` or lies in it.
    private static func isInside(_ inner: String.UTF8View, _ outer: String.UTF8View) -> Bool {
        let (x, y) = (inner.span, outer.span)
        guard x.count >= y.count else { return false }
        for i in 0..<y.count where x[i] != y[i] { return false }
        return x.count == y.count || x[y.count] == UInt8(ascii: "/")
    }
}
