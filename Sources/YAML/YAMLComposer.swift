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
        while true {
            let next = try reader.next()
            if case .mappingEnd = next.kind {
                end = next.end
                try refuseDuplicates(pairs)
                return pairs
            }
            let key = try node(next, depth: depth + 1)
            guard let name = key.node.text else { throw YAMLError("a key must be a scalar, not a collection", at: key.node.start) }
            let value = try node(try reader.next(), depth: depth + 1)
            pairs.append(YAMLPair(name: name, key: key.node, value: value.node))
            size += key.size + value.size
        }
    }

    /// Names are compared by bytes. Sorted, not hashed: for a dictionary Swift's runtime looks through all conformances of the
    /// program, which takes longer than the rest of reading a manifest.
    private func refuseDuplicates(_ pairs: [YAMLPair]) throws(YAMLError) {
        let order = pairs.indices.sorted { a, b in
            let (x, y) = (pairs[a].name, pairs[b].name)
            return x.isSpelled(y) ? a < b : x.utf8.lexicographicallyPrecedes(y.utf8)
        }
        var again: (first: Int, second: Int)?
        for (a, b) in zip(order, order.dropFirst()) where b < again?.second ?? pairs.count && pairs[a].name.isSpelled(pairs[b].name) { again = (a, b) }
        guard let (first, second) = again else { return }
        let place = pairs[second].key.start
        throw YAMLError("duplicate key '\(pairs[second].name)': first on line \(pairs[first].key.start.line), again on line \(place.line)", at: place)
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
