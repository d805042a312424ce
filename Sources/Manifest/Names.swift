/// A project's directory below `projects/`: one to three segments, such as `web-app` or `chatly/web-app`.
package struct ProjectName: Hashable, Sendable, CustomStringConvertible {
    /// The name, segments separated by `/`.
    package let text: String

    /// Throws `invalidName` by the rules of path keys, for more than three segments, and for white space at an end.
    package init(_ text: String) throws(ManifestError) {
        let parts = try Segments.check(text, "project name", code: .invalidName)
        guard parts.count <= 3 else {
            throw ManifestError(
                code: .invalidName, message: "project name \(Segments.shown(text)) has more than three segments",
                hint: "write it as name, owner/name or registry/owner/name")
        }
        guard text.utf8.first != UInt8(ascii: " "), text.utf8.last != UInt8(ascii: " ") else {
            throw ManifestError(
                code: .invalidName, message: "project name \(Segments.shown(text)) begins or ends with a space", hint: "remove the space")
        }
        self.text = text
    }

    /// The name of a project that is to be made. - Throws: `invalidName` also for a segment that starts with `.`: such directories are not looked into.
    package static func new(_ text: String) throws(ManifestError) -> ProjectName {
        let name = try ProjectName(text)
        guard !Segments.split(text).contains(where: { $0.utf8.first == UInt8(ascii: ".") }) else {
            throw ManifestError(code: .invalidName, message: "project name \(Segments.shown(text)) has a segment that starts with '.'",
                                hint: "choose another name; what starts with '.' is not taken for a project")
        }
        return name
    }

    /// The last segment, as generated files are named.
    package var name: String { Segments.split(text).last ?? text }

    package var description: String { text }

    package static func == (a: ProjectName, b: ProjectName) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}

/// A workweave's directory below `.workweaves/` and the first part of its branches' names.
package struct WorkweaveName: Hashable, Sendable, CustomStringConvertible {
    /// The longest name in bytes; leaves room for what git appends to a ref.
    package static let longest = 199

    /// The name, all ASCII.
    package let text: String

    /// Throws `invalidName` unless the name is 1 to 199 of the letters a-z, A-Z, digits, `.`, `_` and `-`, does not start
    /// with `.` or `-`, and can stand in a ref: no `..`, no `.lock` or `.` at the end (git check-ref-format).
    package init(_ text: String) throws(ManifestError) {
        func refuse(_ message: String, _ hint: String) -> ManifestError {
            ManifestError(code: .invalidName, message: "workweave name \(Segments.shown(text)) \(message)", hint: hint)
        }
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last else {
            throw ManifestError(code: .invalidName, message: "workweave name is empty", hint: "write a name, such as agent-42")
        }
        let dot = UInt8(ascii: ".")
        guard bytes.count <= Self.longest else { throw refuse("is longer than \(Self.longest) bytes", "choose a shorter name") }
        guard bytes.allSatisfy(Self.isAllowed) else {
            throw refuse("has a character that is not allowed", "use letters, digits, '.', '_' and '-'")
        }
        guard first != dot, first != UInt8(ascii: "-") else {
            throw refuse("starts with '.' or '-'", "start it with a letter, a digit or '_'")
        }
        let hasTwoDots = zip(bytes, bytes.dropFirst()).contains { $0 == dot && $1 == dot }
        guard last != dot, !hasTwoDots, !bytes.suffix(5).elementsEqual(".lock".utf8) else {
            throw refuse("cannot be part of a branch name", "git allows no '..', and no '.' or '.lock' at the end")
        }
        self.text = text
    }

    package var description: String { text }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
