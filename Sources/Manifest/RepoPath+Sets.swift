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

    /// Pairs whose folded spellings are equal or inside each other, in the order of the second.
    private static func conflicts(_ paths: [RepoPath], fold: (String) -> String) -> [RepoPathConflict] {
        var owners: [[UInt8]: RepoPath] = [:]
        var found: [RepoPathConflict] = []
        for path in paths {
            let key = Array(fold(path.text).utf8)
            if let other = owners[key] { found.append(RepoPathConflict(other, path)) } else { owners[key] = path }
        }
        for path in paths {
            let key = Array(fold(path.text).utf8)
            for at in key.indices where key[at] == UInt8(ascii: "/") {
                if let outer = owners[Array(key[..<at])] { found.append(RepoPathConflict(outer, path)) }
            }
        }
        return found
    }
}
