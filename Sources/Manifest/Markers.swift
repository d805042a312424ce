internal import YAML

/// `.rwv-workweave` at the root of a workweave: where it belongs.
package struct WorkweaveMarker: Equatable, Sendable {
    /// The weave's absolute path.
    package let primary: String
    /// The project it was made for.
    package let project: ProjectName

    package init(primary: String, project: ProjectName) {
        self.primary = primary
        self.project = project
    }

    /// The file's name at the root of a workweave.
    package static let fileName = ".rwv-workweave"

    /// The file as rwv 0.2.8 writes it.
    package var text: String {
        YAMLEmitter.text(of: .mapping([YAMLMember("primary", .string(primary)), YAMLMember("project", .string(project.text))]))
    }

    /// Reads a marker, also the JSON ones of later versions; other keys are passed over.
    /// Throws for missing keys, a `primary` that is not absolute and an invalid project name.
    package static func parse(_ bytes: [UInt8], file: String) throws(ManifestError) -> WorkweaveMarker {
        let example = "it needs `primary: /path/of/the/weave` and `project: NAME`"
        guard let root = try MappingReader.root(bytes, file: file, example: example) else {
            throw ManifestError(code: .empty, file: file, message: "the file is empty", hint: example)
        }
        let primary = try root.required("primary", example: "/path/of/the/weave")
        guard primary.utf8.first == UInt8(ascii: "/"), !primary.utf8.contains(0) else {
            throw root.error(
                .invalidPath, at: root.value("primary"), "primary", "\(Segments.shown(primary)) is not an absolute path",
                "write the weave's full path")
        }
        let name = try root.required("project", example: "NAME")
        do { return WorkweaveMarker(primary: primary, project: try ProjectName(name)) } catch {
            throw error.located(file, root.value("project")?.start, "project")
        }
    }
}

/// `.rwv-active` at the root of a weave or workweave: the project whose files are surfaced there.
package enum ActiveMarker {
    /// The file's name at the root of a weave, workweave or project mount.
    package static let fileName = ".rwv-active"

    /// The file for a project.
    package static func text(_ project: ProjectName) -> String { project.text + "\n" }

    /// The project of the first line, white space around it removed; nil if that is empty.
    /// Throws `invalidName` for what cannot be a project and `syntax` for bytes that are not UTF-8.
    package static func parse(_ bytes: [UInt8], file: String) throws(ManifestError) -> ProjectName? {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
        var line = bytes.prefix { $0 != 0x0A }.drop(while: isBlank)
        while let last = line.last, isBlank(last) { line.removeLast() }
        if line.isEmpty { return nil }
        let text: String
        do throws(UTF8.ValidationError) { text = String(copying: try UTF8Span(validating: line.span)) } catch {
            throw ManifestError(code: .syntax, file: file, line: 1, message: "the text is not valid UTF-8", hint: "run `rwv activate PROJECT`")
        }
        do { return try ProjectName(text) } catch {
            var located = error
            (located.file, located.line) = (file, 1)
            throw located
        }
    }
}
