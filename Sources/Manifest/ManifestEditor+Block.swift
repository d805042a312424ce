internal import YAML

/// Edits of repositories that are written by indentation, one or more lines each.
extension ManifestEditor {
    /// Whether `repositories` is null, or `{}` on the key's line with nothing inside, so that it can become a block.
    var isPlainlyEmpty: Bool {
        let value = repositories.value
        guard value.alias == nil, !root.isFlow, value.pairs?.isEmpty ?? true else { return false }
        let text = lines.bytes[value.start.offset..<value.end.offset]
        let isBare = value.isNull || (text.first == UInt8(ascii: "{") && text.dropFirst().dropLast().allSatisfy { $0 == 0x20 })
        return isBare && keyLine == lines.line(at: value.start.offset)
    }

    func addingInBlock(_ entry: YAMLMember) throws(ManifestError) -> [UInt8] {
        if repositories.value.alias != nil { throw cannotEdit(repositories.value) }
        let pairs = repositories.value.pairs ?? []
        guard !pairs.isEmpty else {
            guard isPlainlyEmpty else { throw cannotEdit(repositories.value) }
            return addingFirst(entry)
        }
        let extents = try extents(of: pairs)
        let index = place(of: entry, among: pairs)
        let isSeparated = pairs.count > 1 && extents.dropLast().allSatisfy { lines.isBlank($0.upperBound) }
        let block = rendered(entry, indentation: repositories.value.start.column - 1, step: fieldStep(pairs))
        let blank = isSeparated ? [[UInt8]()] : []
        return index == 0
            ? inserting(block + blank, atLine: extents[0].lowerBound, into: lines)
            : inserting(blank + block, atLine: extents[index - 1].upperBound, into: lines)
    }

    func removingInBlock(_ index: Int, of pairs: [YAMLPair]) throws(ManifestError) -> [UInt8] {
        if repositories.value.alias != nil { throw cannotEdit(repositories.value) }
        let extents = try extents(of: pairs)
        var (first, last) = (extents[index].lowerBound, extents[index].upperBound)
        if pairs.count > 1 {
            let isLast = index == pairs.count - 1
            if index == 0, lines.isBlank(last) {
                last += 1
            } else if index > 0, lines.isBlank(first - 1), isLast || lines.isBlank(last) {
                first -= 1
            }
        }
        var range = lines.start(first)..<lines.start(last)
        // The line end in front of a removed open end goes too, unless it belongs to a block scalar's text.
        let keepsLineEnd = index > 0 && pairs[index - 1].value.endsInBlockScalar
        if range.upperBound == lines.bytes.count, !lines.endsWithLineEnd, !keepsLineEnd {
            let hasReturn = range.lowerBound > 1 && lines.bytes[range.lowerBound - 2] == 0x0D
            range = (range.lowerBound - (hasReturn ? 2 : 1))..<range.upperBound
        }
        guard pairs.count == 1 else { return replacing(range, with: []) }
        guard let colon = colon() else { throw cannotEdit(repositories.key) }
        return lines.bytes[...colon] + Array(" {}".utf8) + lines.bytes[(colon + 1)..<range.lowerBound] + lines.bytes[range.upperBound...]
    }

    /// Puts the first entry below a `repositories:` whose null or `{}` goes away.
    private func addingFirst(_ entry: YAMLMember) -> [UInt8] {
        let value = repositories.value
        var from = value.start.offset
        while value.start.offset < value.end.offset, from > 0, lines.bytes[from - 1] == 0x20 { from -= 1 }
        let text = TextLines(replacing(from..<value.end.offset, with: []))
        let base = root.start.column
        let sample = root.pairs?.first { $0.value.pairs?.isEmpty == false && !$0.value.isFlow && $0.value.alias == nil }
        let step = sample.map { $0.value.start.column - base } ?? 2
        return inserting(rendered(entry, indentation: base - 1 + step, step: step), atLine: keyLine + 1, into: text)
    }

    /// Puts lines in front of a line, or behind the last one, which keeps its missing line end.
    private func inserting(_ new: [[UInt8]], atLine line: Int, into text: TextLines) -> [UInt8] {
        let at = text.start(line)
        let isAfterOpenEnd = at == text.bytes.count && !text.endsWithLineEnd
        let joined = isAfterOpenEnd ? new.flatMap { text.lineEnd + $0 } : new.flatMap { $0 + text.lineEnd }
        return text.bytes[..<at] + joined + text.bytes[at...]
    }

    /// The lines of each entry, its own comments included.
    private func extents(of pairs: [YAMLPair]) throws(ManifestError) -> [Range<Int>] {
        let indentation = repositories.value.start.column - 1
        var found: [Range<Int>] = []
        for pair in pairs {
            let key = lines.line(at: pair.key.start.offset)
            guard lines.indentation(key) == indentation else { throw cannotEdit(pair.key) }
            var end = pair.value.contentEnd.offset
            while end > pair.key.end.offset, [0x20, 0x09, 0x0D, 0x0A].contains(lines.bytes[end - 1]) { end -= 1 }
            var last = lines.line(at: end - 1) + 1
            while lines.isComment(last), lines.indentation(last) > indentation { last += 1 }
            var first = key
            let bound = found.last?.upperBound ?? keyLine + 1
            while first > bound, lines.isComment(first - 1), lines.indentation(first - 1) == indentation { first -= 1 }
            guard first >= bound else { throw cannotEdit(pair.key) }
            found.append(first..<last)
        }
        return found
    }

    /// The entry's lines without line ends, fields indented by `step` below the key.
    private func rendered(_ entry: YAMLMember, indentation: Int, step: Int) -> [[UInt8]] {
        let text = Array(YAMLEmitter.text(of: .mapping([entry])).utf8)
        let own = text.split(separator: 0x0A).map { Array($0) }
        let isExplicit = own.count > 1 && own[1].starts(with: ": ".utf8)
        return own.map { line in
            let isField = line.first == 0x20 && !isExplicit
            return [UInt8](repeating: 0x20, count: indentation + (isField ? step : 0)) + (isField ? line.dropFirst(2) : line[...])
        }
    }

    /// By how much the last entry that is written by indentation indents its fields.
    private func fieldStep(_ pairs: [YAMLPair]) -> Int {
        let sample = pairs.last { !$0.value.isFlow && $0.value.alias == nil }
        return sample.map { $0.value.start.column - repositories.value.start.column } ?? 2
    }

    /// The index an entry gets: by its path if the paths are sorted, else the last.
    func place(of entry: YAMLMember, among pairs: [YAMLPair]) -> Int {
        let isSorted = zip(pairs, pairs.dropFirst()).allSatisfy { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let next = pairs.firstIndex { entry.key.utf8.lexicographicallyPrecedes($0.name.utf8) }
        return isSorted ? next ?? pairs.count : pairs.count
    }

    private var keyLine: Int { lines.line(at: repositories.key.start.offset) }

    /// The colon behind the key `repositories`.
    private func colon() -> Int? {
        let end = repositories.key.end.offset
        return lines.bytes[end...].firstIndex { $0 != 0x20 }.flatMap { lines.bytes[$0] == UInt8(ascii: ":") ? $0 : nil }
    }
}

extension YAMLNode {
    /// Whether the node's last text is a literal or folded scalar, to which line ends count.
    fileprivate var endsInBlockScalar: Bool {
        switch content {
        case .scalar(_, let style): style == .literal || style == .folded
        case .sequence(let items, _): items.last?.endsInBlockScalar ?? false
        case .mapping(let pairs, _): pairs.last?.value.endsInBlockScalar ?? false
        }
    }
}
