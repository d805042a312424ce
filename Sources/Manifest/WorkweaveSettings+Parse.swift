internal import YAML

extension WorkweaveSettings {
    /// Reads the `workweave` key of a manifest's root.
    init(_ root: MappingReader) throws(ManifestError) {
        guard let node = root.value("workweave") else {
            self.init()
            return
        }
        let map = try MappingReader(node, file: root.file, way: "workweave", example: "write copy and link below it")
        var writable = false
        if let flag = map.value("writable-reference") {
            guard let value = flag.value.bool else {
                throw map.error(
                    .wrongKind, at: flag, "writable-reference", "expected a boolean, found \(flag.value.kindName)", "write `true` or `false`")
            }
            writable = value
        }
        self.init(copy: try Self.paths("copy", map), link: try Self.paths("link", map), writableReference: writable)
    }

    private static func paths(_ key: String, _ map: MappingReader) throws(ManifestError) -> [String] {
        guard let node = map.value(key) else { return [] }
        guard let items = node.items else {
            throw map.error(.wrongKind, at: node, key, "expected a list, found \(node.value.kindName)", "write a list of paths, such as \(map.line(key, [".env"]))")
        }
        var paths: [String] = []
        for item in items {
            guard let text = item.text, !item.isNull else {
                throw map.error(.wrongKind, at: item, key, "expected a string, found \(item.value.kindName)", "write a list of paths, such as \(map.line(key, [".env"]))")
            }
            do { paths.append(try path(text)) } catch { throw error.located(map.file, item.start, map.way(to: key)) }
        }
        return paths
    }

    /// A path below the weave's root without a slash at its end. Throws `invalidPath` by the rules of path keys, and for
    /// our own directories.
    package static func path(_ text: String) throws(ManifestError) -> String {
        var bytes = Array(text.utf8)[...]
        while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        if bytes.starts(with: "./".utf8) { bytes.removeFirst(2) }
        let trimmed = String(decoding: bytes, as: UTF8.self)
        let first = try Segments.check(trimmed, "path", code: .invalidPath).first ?? ""
        guard ![".rwv", ".workweaves", WorkweaveMarker.fileName, ActiveMarker.fileName].contains(first) else {
            throw ManifestError(
                code: .invalidPath, message: "path \(Segments.shown(text)) is or lies in '\(first)', which belongs to rwv", hint: "name a file of your own")
        }
        return trimmed
    }
}
