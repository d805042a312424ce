extension YAMLNode {
    /// The pairs of a mapping in file order; nil for anything else.
    package var pairs: [YAMLPair]? {
        if case .mapping(let pairs, _) = content { pairs } else { nil }
    }

    /// The items of a sequence; nil for anything else.
    package var items: [YAMLNode]? {
        if case .sequence(let items, _) = content { items } else { nil }
    }

    /// The text of a scalar as written, whatever it means: `1.10` is "1.10". Nil for collections.
    package var text: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }

    /// Whether a collection is written in brackets.
    package var isFlow: Bool {
        switch content {
        case .sequence(_, .flow), .mapping(_, .flow): true
        default: false
        }
    }

    /// Whether the node means null: nothing, `~` or `null`, unquoted.
    package var isNull: Bool {
        guard case .scalar(let text, let style) = content else { return false }
        return YAMLValue.hasMeaning(isPlain: style == .plain, tag: tag) && YAMLValue.isNull(text)
    }

    /// The pair of a mapping whose key is spelled `name`, byte for byte.
    package subscript(name: String) -> YAMLPair? {
        pairs?.first { $0.name.isSpelled(name) }
    }

    /// The node without positions, scalars resolved as the YAML 1.2 core schema does.
    package var value: YAMLValue {
        switch content {
        case .scalar(let text, let style): YAMLValue(scalar: text, isPlain: style == .plain, tag: tag)
        case .sequence(let items, _): .sequence(items.map(\.value))
        case .mapping(let pairs, _): .mapping(pairs.map { YAMLMember($0.name, $0.value.value) })
        }
    }

    /// Where the last character of the node's own text ends. Differs from `end` for block collections,
    /// which libyaml ends at the next token, behind blank lines and comments.
    package var contentEnd: YAMLMark {
        if alias != nil { return end }
        switch content {
        case .sequence(let items, .block): return items.last?.contentEnd ?? end
        case .mapping(let pairs, .block):
            guard let last = pairs.last else { return end }
            let (key, value) = (last.key.contentEnd, last.value.contentEnd)
            return value.offset > key.offset ? value : key
        default: return end
        }
    }
}
