internal import Manifest

/// A symbolic link at the root of a weave or workweave that leads to a file of a project directory.
package struct SurfacedLink: Equatable, Sendable {
    /// Relative to the root.
    package let path: String
    /// Relative to the directory of `path`.
    package let target: String

    /// The link for a path of a project directory: `projects/P/PATH`, from where the link stands.
    init(path: String, project: ProjectName) {
        let depth = path.utf8.count { $0 == UInt8(ascii: "/") }
        self.path = path
        target = String(repeating: "../", count: depth) + "projects/\(project.text)/\(path)"
    }
}

/// The project that a link made by activation leads to: the link at `path` must lead to `projects/PROJECT/path`. Nil for any
/// other link: that is the user's own.
package func surfacingProject(path: String, target: String, root: String) -> String? {
    func segments(_ text: some StringProtocol) -> [Substring] { Substring(text).split(separator: "/").filter { $0 != "." } }
    let own = segments(path)
    var at: [Substring] = []
    if target.hasPrefix("/") {
        guard target.hasPrefix(root + "/") else { return nil }
        at = segments(target.dropFirst(root.count))
    } else {
        at = Array(own.dropLast())
        for part in segments(target) {
            if part != ".." { at.append(part) } else if at.popLast() == nil { return nil }
        }
    }
    let name = at.count - own.count - 1
    guard at.first == "projects", (1...3).contains(name), at.suffix(own.count).elementsEqual(own) else { return nil }
    return at[1...name].joined(separator: "/")
}
