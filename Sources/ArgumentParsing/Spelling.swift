/// Finds what somebody may have meant.
package enum Spelling {
    /// The word nearest to `word`, if it is near enough to be a slip of the fingers.
    package static func nearest(to word: String, among known: [String]) -> String? {
        let scored = known.map { (word: $0, distance: distance(Array(word.utf8), Array($0.utf8))) }
        guard let best = scored.min(by: { $0.distance < $1.distance }), best.distance <= max(1, min(word.utf8.count, 9) / 3) else {
            return known.first { $0.utf8.count > word.utf8.count && word.utf8.count >= 3 && $0.utf8.starts(with: word.utf8) }
        }
        return best.word
    }

    /// Insertions, deletions, replacements and swaps of neighbours that make `a` of `b`.
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var before: [Int] = [], last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, before[j - 1] + 1) }
                row.append(best)
            }
            (before, last) = (last, row)
        }
        return last[b.count]
    }
}
