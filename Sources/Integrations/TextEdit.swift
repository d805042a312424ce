internal import JSONCoding
internal import TOML
internal import YAML

/// Changes of one value inside a text that somebody else may have added to: what is not ours stays byte for byte.
enum TextEdit {
    /// The text with the bytes between two offsets replaced by lines, which get the line end of the text.
    static func replacing(_ bytes: [UInt8], _ range: Range<Int>, by lines: String) -> [UInt8] {
        let text = lines.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: TextLines(bytes).end)
        return Array(bytes[..<range.lowerBound]) + Array(text.utf8) + Array(bytes[range.upperBound...])
    }

    /// The root of a YAML text if it is a mapping.
    static func root(_ bytes: [UInt8]) -> YAMLNode? {
        guard let document = try? YAMLDocument.parse(bytes), let root = document.root, root.pairs != nil else { return nil }
        return root
    }

    /// The root of a JSON text if it is an object. Comments make it none.
    static func object(_ bytes: [UInt8]) -> JSONNode? {
        guard let root = try? JSONNode.parse(bytes), root.members != nil else { return nil }
        return root
    }

    /// A TOML text with the array at a dotted way from its root replaced; nil if there is none.
    /// - Parameter array: makes the new one of the items that are to stay, as they are written.
    static func replacingArray(_ bytes: [UInt8], _ way: [String], keeping isKept: (String?) -> Bool, by array: ([String]) -> String) -> [UInt8]? {
        var node = try? TOMLDocument.parse(bytes)
        for key in way { node = node?[key]?.value }
        guard let node, let items = node.items else { return nil }
        let kept = items.filter { isKept($0.text) }.map { String(decoding: bytes[$0.start.offset..<$0.end.offset], as: UTF8.self) }
        return replacing(bytes, node.start.offset..<node.end.offset, by: array(kept))
    }
}

extension YAMLValue {
    /// What stands at a dotted way from here; nil when there is nothing.
    func at(_ way: String...) -> YAMLValue? {
        var value: YAMLValue? = self
        for key in way { value = value?[key] }
        return value
    }
}

extension PackageFacts {
    /// The facts of a package that is described in TOML. - Parameter read: takes them from the text's root.
    init(toml bytes: [UInt8], _ read: (YAMLValue) -> PackageFacts) {
        do throws(YAMLError) { self = read(try TOMLDocument.parse(bytes).value) } catch {
            self.init(refusal: "cannot be read (line \(error.line))")
        }
    }
}
