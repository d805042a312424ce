/// Where a repository lies in the weave, such as `github/owner/repo`: a relative path that cannot leave the weave.
/// Compared and sorted by bytes.
package struct RepoPath: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// First segments that are not registries.
    package static let reserved = ["projects", ".rwv", ".workweaves"]

    /// The path, segments separated by `/`.
    package let text: String

    /// Throws `invalidPath` for a path that is absolute, has an empty, `.`, `..` or `.git` segment or a control
    /// character, begins with `-` or a reserved name, or has only one segment.
    package init(_ text: String) throws(ManifestError) {
        let parts = try Segments.check(text, "path", code: .invalidPath)
        if let first = parts.first, Self.reserved.contains(where: { $0.utf8.elementsEqual(first.utf8) }) {
            throw ManifestError(
                code: .invalidPath, message: "path \(Segments.shown(text)) lies in '\(first)/', which is not for repositories",
                hint: "repositories lie below a registry or an owner, such as github/owner/repo")
        }
        guard parts.count >= 2 else {
            throw ManifestError(
                code: .invalidPath, message: "path \(Segments.shown(text)) has only one segment", hint: "write it as registry/owner/repo")
        }
        self.text = text
    }

    /// The names between slashes, at least two.
    package var segments: [String] { Segments.split(text) }

    /// The last segment.
    package var name: String { segments.last ?? text }

    package var description: String { text }

    package static func == (a: RepoPath, b: RepoPath) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    package static func < (a: RepoPath, b: RepoPath) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}
