/// A place in the text that was parsed.
package struct YAMLMark: Hashable, Sendable {
    /// Line, from 1; lines end with LF, CR LF or a lone CR.
    package let line: Int
    /// Column in Unicode code points, from 1; a byte order mark takes no column.
    package let column: Int
    /// Bytes from the beginning of the text, byte order mark included.
    package let offset: Int

    package init(line: Int, column: Int, offset: Int) {
        self.line = line
        self.column = column
        self.offset = offset
    }
}

/// One node of a parsed document with the place it came from. An immutable object: trees are walked without copying.
package final class YAMLNode: Sendable {
    /// How a scalar was written; only a plain one can mean null, a boolean or a number.
    package enum ScalarStyle: Sendable { case plain, singleQuoted, doubleQuoted, literal, folded }

    /// How a sequence or mapping was written: by indentation, or in brackets as JSON does.
    package enum CollectionStyle: Sendable { case block, flow }

    /// What the node is.
    package enum Content: Sendable {
        case scalar(String, ScalarStyle)
        case sequence([YAMLNode], CollectionStyle)
        case mapping([YAMLPair], CollectionStyle)
    }

    /// What the node is; an alias holds what its anchor holds.
    package let content: Content
    /// The tag, resolved (`tag:yaml.org,2002:str`), `!` for the non-specific one, nil if none was written.
    package let tag: String?
    /// The anchor's name, if the node was written with one.
    package let anchor: String?
    /// The alias's name, if the text here is `*name`; the marks are then those of the alias.
    package let alias: String?
    /// Where the node begins, its anchor and tag included.
    package let start: YAMLMark
    /// Where the node ends. A block collection ends where the next token begins: see `contentEnd`.
    package let end: YAMLMark

    package init(content: Content, tag: String?, anchor: String?, alias: String?, start: YAMLMark, end: YAMLMark) {
        self.content = content
        self.tag = tag
        self.anchor = anchor
        self.alias = alias
        self.start = start
        self.end = end
    }
}

/// A key of a mapping and what it stands for.
package struct YAMLPair: Sendable {
    /// The key's text.
    package let name: String
    /// The key, always a scalar.
    package let key: YAMLNode
    /// What the key stands for.
    package let value: YAMLNode

    package init(name: String, key: YAMLNode, value: YAMLNode) {
        self.name = name
        self.key = key
        self.value = value
    }
}
