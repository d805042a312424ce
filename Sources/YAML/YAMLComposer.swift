/// Builds the tree from the parser's events, resolving aliases on the way.
struct YAMLComposer {
    private let reader: YAMLEventReader
    private let limits: YAMLLimits
    /// Complete anchored nodes and how many nodes each stands for. A node inside itself is not complete,
    /// so the tree cannot be cyclic.
    private var anchors: [String: (node: YAMLNode, size: Int)] = [:]
    private var aliasedNodes = 0

    init(_ source: YAMLSource, _ limits: YAMLLimits) {
        reader = YAMLEventReader(source)
        self.limits = limits
    }

    /// The one document of the stream; nil if there is none.
    mutating func document() throws(YAMLError) -> YAMLNode? {
        _ = try reader.next()
        guard case .documentStart = try reader.next().kind else { return nil }
        let root = try node(try reader.next(), depth: 0).node
        _ = try reader.next()
        let last = try reader.next()
        if case .documentStart = last.kind { throw YAMLError("a second document begins here; only one can be read", at: last.start) }
        return root
    }

    private mutating func node(_ event: YAMLEvent, depth: Int) throws(YAMLError) -> (node: YAMLNode, size: Int) {
        guard depth <= limits.depth else {
            throw YAMLError("nested deeper than \(limits.depth) levels", at: event.start)
        }
        var (size, end) = (1, event.end)
        let content: YAMLNode.Content
        switch event.kind {
        case .alias(let name): return try alias(name, event)
        case .scalar(let text, let style): content = .scalar(text, style)
        case .sequenceStart(let style):
            var items: [YAMLNode] = []
            while true {
                let next = try reader.next()
                if case .sequenceEnd = next.kind { end = next.end; break }
                let item = try node(next, depth: depth + 1)
                items.append(item.node)
                size += item.size
            }
            content = .sequence(items, style)
        case .mappingStart(let style):
            let pairs = try mapping(depth: depth, &size, &end)
            content = .mapping(pairs, style)
        default: throw YAMLError("cannot be read as YAML", at: event.start)
        }
        let node = YAMLNode(content: content, tag: event.tag, anchor: event.anchor, alias: nil, start: event.start, end: end)
        if let anchor = event.anchor { anchors[anchor] = (node, size) }
        return (node, size)
    }

    private mutating func mapping(depth: Int, _ size: inout Int, _ end: inout YAMLMark) throws(YAMLError) -> [YAMLPair] {
        var pairs: [YAMLPair] = []
        var lines: [[UInt8]: Int] = [:]
        while true {
            let next = try reader.next()
            if case .mappingEnd = next.kind { end = next.end; return pairs }
            let key = try node(next, depth: depth + 1)
            guard let name = key.node.text else { throw YAMLError("a key must be a scalar, not a collection", at: key.node.start) }
            if let first = lines.updateValue(key.node.start.line, forKey: Array(name.utf8)) {
                throw YAMLError("duplicate key '\(name)': first on line \(first), again on line \(key.node.start.line)", at: key.node.start)
            }
            let value = try node(try reader.next(), depth: depth + 1)
            pairs.append(YAMLPair(name: name, key: key.node, value: value.node))
            size += key.size + value.size
        }
    }

    private mutating func alias(_ name: String, _ event: YAMLEvent) throws(YAMLError) -> (node: YAMLNode, size: Int) {
        guard let (target, size) = anchors[name] else {
            throw YAMLError("alias '*\(name)' has no anchor '&\(name)' before it", at: event.start)
        }
        aliasedNodes += size
        guard aliasedNodes <= limits.aliasedNodes else {
            throw YAMLError("the aliases stand for more than \(limits.aliasedNodes) nodes", at: event.start)
        }
        let node = YAMLNode(content: target.content, tag: target.tag, anchor: nil, alias: name, start: event.start, end: event.end)
        return (node, size)
    }
}
