internal import YAML

/// Why a manifest, lock file, marker, configuration, name, path or URL is refused. Control characters of the
/// file are made visible in every text, so that a message cannot drive a terminal.
package struct ManifestError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of refusal, for programs.
    package enum Code: String, Sendable {
        /// Not YAML, or YAML that is refused (equal keys, exploding aliases).
        case syntax
        /// The file holds nothing.
        case empty
        case missingKey
        /// A value of another kind than the key wants, such as a list for a string.
        case wrongKind
        case unknownRole
        case unknownType
        case invalidPath
        /// One repository lies inside another.
        case nestedPath
        case invalidURL
        case invalidVersion
        case invalidName
        case invalidRegistry
        /// An edit wants to add what is there already.
        case alreadyPresent
        /// An edit wants to remove what is not there.
        case notFound
        /// The file asks for something that rwv does not do.
        case unsupported
        /// The text is written in a way that cannot be edited without loss.
        case cannotEdit
    }

    package let code: Code
    /// The file's name for messages; nil while the value did not come from a file.
    package var file: String?
    /// Line, from 1.
    package var line: Int?
    /// Column in code points, from 1.
    package var column: Int?
    /// The way to the value, such as `repositories.github/a/b.role`.
    package private(set) var key: String?
    /// What is wrong.
    package let message: String
    /// What to do about it.
    package let hint: String

    package init(
        code: Code, file: String? = nil, line: Int? = nil, column: Int? = nil, key: String? = nil, message: String, hint: String
    ) {
        self.code = code
        self.file = file
        self.line = line
        self.column = column
        self.key = key.map(Segments.visible)
        self.message = Segments.visible(message)
        self.hint = Segments.visible(hint)
    }

    /// `file:line:column: key: message`, as much of it as is known; the hint is apart.
    package var description: String {
        var place = file ?? ""
        if let line { place += (place.isEmpty ? "" : ":") + String(line) }
        if line != nil, let column { place += ":" + String(column) }
        return [place, key ?? "", message].filter { !$0.isEmpty }.joined(separator: ": ")
    }

    /// The same refusal with the place it was found at.
    func located(_ file: String, _ mark: YAMLMark?, _ key: String?) -> ManifestError {
        var copy = self
        copy.file = file
        copy.line = mark?.line
        copy.column = mark?.column
        copy.key = key.map(Segments.visible)
        return copy
    }
}
