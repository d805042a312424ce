/// How much a text may ask of us before it is refused.
package struct YAMLLimits: Sendable {
    /// Bytes of text.
    package var bytes = 8 << 20
    /// Collections inside collections.
    package var depth = 64
    /// Nodes that aliases stand for, all aliases together.
    package var aliasedNodes = 100_000

    package init() {}
}

/// One YAML document.
package struct YAMLDocument: Sendable {
    /// The document's node; nil if the text holds nothing but blanks and comments.
    package let root: YAMLNode?

    /// Parses a text that holds at most one document (yaml_parser_parse(3)).
    /// Throws for bad syntax, bytes that are not UTF-8, equal keys in a mapping, keys that are no scalars,
    /// a second document, and what exceeds the limits.
    package static func parse(_ bytes: [UInt8], limits: YAMLLimits = YAMLLimits()) throws(YAMLError) -> YAMLDocument {
        let source = try YAMLSource(bytes, limit: limits.bytes)
        var composer = YAMLComposer(source, limits)
        return YAMLDocument(root: try composer.document())
    }
}
