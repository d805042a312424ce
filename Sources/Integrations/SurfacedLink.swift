package import Manifest

/// A symbolic link at the root of a weave or workweave that leads to a file of a project directory.
package struct SurfacedLink: Equatable, Sendable {
    /// Relative to the root.
    package let path: String
    /// Relative to the directory of `path`.
    package let target: String
}

/// Every path that a project could surface, whether its file exists or not, each once.
/// - Throws: for a static file outside the project directory.
package func surfacedPaths(project: ProjectName, manifest: Manifest) throws(ManifestError) -> [String] {
    var paths: [String] = []
    for ecosystem in ecosystems where ecosystem.isEnabled(manifest) {
        for path in try ecosystem.surfacedPaths(project: project, settings: manifest.integration(ecosystem.name)) where !paths.contains(path) {
            paths.append(path)
        }
    }
    return paths
}

/// The links that activating a project makes: one for each path of ``surfacedPaths(project:manifest:)`` that `exists` in the
/// project directory. Pure; the same for a weave, a workweave and a project mount.
package func surfacedLinks(project: ProjectName, manifest: Manifest, exists: (String) -> Bool) throws(ManifestError) -> [SurfacedLink] {
    try surfacedPaths(project: project, manifest: manifest).filter(exists).map { path in
        let depth = path.utf8.count { $0 == UInt8(ascii: "/") }
        return SurfacedLink(path: path, target: String(repeating: "../", count: depth) + "projects/\(project.text)/\(path)")
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
