internal import YAML

/// A value while the text is being read: tables may still grow.
enum TOMLValue {
    case node(YAMLNode)
    case table(TOMLTable)
    /// `[[name]]`
    case tables(TOMLTables)
}

/// The tables of one `[[name]]`.
final class TOMLTables {
    var items: [TOMLTable] = []
}

/// A table that is being filled. Which ways lead into it depends on what made it.
final class TOMLTable {
    enum Origin {
        case root
        /// Only named on the way to another header: may still get a header of its own.
        case implied
        case header
        /// By `a.b = value` in the table above it.
        case dotted
    }
    private var origin: Origin
    private var members: [(key: TOMLKey, value: TOMLValue)] = []
    private var indices: [[UInt8]: Int] = [:]
    private let start: YAMLMark
    var end: YAMLMark

    init(_ origin: Origin, start: YAMLMark) {
        self.origin = origin
        self.start = start
        end = start
    }

    /// The table as a mapping.
    var node: YAMLNode {
        let pairs = members.map { member in YAMLPair(name: member.key.text, key: member.key.node, value: member.value.node) }
        return YAMLNode(content: .mapping(pairs, .block), tag: nil, anchor: nil, alias: nil, start: start, end: pairs.last?.value.end ?? end)
    }

    private func member(_ key: TOMLKey) -> TOMLValue? { indices[Array(key.text.utf8)].map { members[$0].value } }

    private func put(_ key: TOMLKey, _ value: TOMLValue) {
        indices[Array(key.text.utf8)] = members.count
        members.append((key, value))
    }

    private func taken(_ key: TOMLKey) -> YAMLError {
        let line = indices[Array(key.text.utf8)].map { members[$0].key.node.start.line } ?? 0
        return YAMLError("duplicate key '\(key.text)': first on line \(line), again on line \(key.node.start.line)", at: key.node.start)
    }

    /// `key = value`
    func add(_ key: TOMLKey, _ value: YAMLNode) throws(YAMLError) {
        guard member(key) == nil else { throw taken(key) }
        put(key, .node(value))
    }

    /// The table on the way of a header.
    func opened(at key: TOMLKey) throws(YAMLError) -> TOMLTable {
        switch member(key) {
        case nil: return made(key, .implied)
        case .table(let table): return table
        case .tables(let all): return all.items[all.items.count - 1]
        case .node: throw taken(key)
        }
    }

    /// The table that a header `[key]` defines.
    func defined(at key: TOMLKey) throws(YAMLError) -> TOMLTable {
        guard let there = member(key) else { return made(key, .header) }
        guard case .table(let table) = there, table.origin == .implied else { throw taken(key) }
        table.origin = .header
        return table
    }

    /// The table that a header `[[key]]` begins.
    func appended(at key: TOMLKey) throws(YAMLError) -> TOMLTable {
        let all: TOMLTables
        switch member(key) {
        case nil:
            all = TOMLTables()
            put(key, .tables(all))
        case .tables(let known): all = known
        default: throw taken(key)
        }
        let table = TOMLTable(.header, start: key.node.start)
        all.items.append(table)
        return table
    }

    /// The table on the way of a dotted key.
    func dotted(at key: TOMLKey) throws(YAMLError) -> TOMLTable {
        guard let there = member(key) else { return made(key, .dotted) }
        guard case .table(let table) = there, table.origin == .dotted else { throw taken(key) }
        return table
    }

    private func made(_ key: TOMLKey, _ origin: Origin) -> TOMLTable {
        let table = TOMLTable(origin, start: key.node.start)
        put(key, .table(table))
        return table
    }
}

extension TOMLValue {
    fileprivate var node: YAMLNode {
        switch self {
        case .node(let node): return node
        case .table(let table): return table.node
        case .tables(let all):
            let items = all.items.map(\.node)
            let (start, end) = (items[0].start, items[items.count - 1].end)
            return YAMLNode(content: .sequence(items, .block), tag: nil, anchor: nil, alias: nil, start: start, end: end)
        }
    }
}
