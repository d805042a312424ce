internal import Manifest

/// Go's workspace file and its checksums (go.dev/ref/mod, "Workspaces").
struct GoWork: Ecosystem {
    let name = "go-work"
    let isOnByDefault = true
    let marker: String? = "go.mod"
    let tool: String? = "go"
    /// What is written when no member needs a newer language.
    private static let oldest = "1.21"

    func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { ["go.work", "go.sum"] }

    func package(_ bytes: [UInt8]) -> PackageFacts {
        var facts = PackageFacts()
        for line in TextLines(bytes).lines {
            let words = Self.words(line)
            guard words.count >= 2 else { continue }
            if words[0] == "module" { facts.name = String(words[1].filter { $0 != "\"" && $0 != "`" }) }
            if words[0] == "go" { facts.requires = words[1] }
        }
        return facts
    }

    /// The version is the newest that a member asks for: go refuses a workspace that is older than one of its modules. A newer one that stands
    /// there stays, and so do comments, replacements and the toolchain.
    func files(_ session: RootSession) throws(IntegrationError) -> [GeneratedFile] {
        let members = session.members(of: self), paths = members.map { "./\($0.path.text)" }
        let version = members.compactMap(\.package.requires).reduce(Self.oldest, Self.newer)
        guard let existing = session.existing["go.work"] else {
            let lines = ["go \(version)", "", "use ("] + paths.map { "    " + $0 } + [")", ""]
            return [GeneratedFile("go.work", lines.joined(separator: "\n"))]
        }
        var text = TextLines(existing), lines = text.lines
        guard isGenerated(existing), let uses = Self.uses(lines) else { throw .own("go.work", self, session) }
        if uses.count > 1 || [Self.words(lines[uses.lowerBound]).last] != paths {
            let isBlock = uses.count > 1, single = lines[uses.lowerBound].drop(while: \.isWhitespace).dropFirst("use".count).drop(while: \.isWhitespace)
            let (entries, rest) = Self.entries(isBlock ? lines[uses].dropFirst().dropLast() : ["    " + single])
            let ends = isBlock ? (lines[uses.lowerBound], lines[uses.upperBound]) : ("use (", ")")
            let others = entries.filter { !paths.contains($0.path) && session.isOthers($0.path) }.flatMap(\.lines)
            let ours = paths.flatMap { path in entries.last { $0.path == path }?.lines ?? ["    " + path] }
            lines.replaceSubrange(uses, with: [ends.0] + ours + others + rest + [ends.1])
        }
        text.lines = lines.map { line in
            let words = Self.words(line)
            return words.count == 2 && words[0] == "go" && words[1] != Self.newer(words[1], version) ? "go \(version)" : line
        }
        return [GeneratedFile("go.work", text.text)]
    }

    /// Ours uses repositories of the weave, in one block, or as go writes a single one; anything else is somebody's own.
    func isGenerated(_ bytes: [UInt8]) -> Bool {
        let lines = TextLines(bytes).lines
        guard let uses = Self.uses(lines), !lines[(uses.upperBound + 1)...].contains(where: { Self.words($0).first == "use" }) else { return false }
        let paths = lines[uses].map(Self.words).map { $0.first == "use" ? Array($0.dropFirst()) : $0 }.filter { !$0.isEmpty && $0 != ["("] && $0 != [")"] }
        return !paths.isEmpty && paths.allSatisfy { words in
            words.count == 1 && words[0].hasPrefix("./") && words[0].split(separator: "/").count >= 3
        }
    }

    /// The lines of the block that lists the members, from `use (` to `)`, or the one line where go has put a single member; nil if there is neither.
    private static func uses(_ lines: [String]) -> ClosedRange<Int>? {
        guard let first = lines.firstIndex(where: { words($0).first == "use" }) else { return nil }
        guard words(lines[first]) == ["use", "("] else { return first...first }
        return lines[first...].firstIndex { words($0) == [")"] }.map { first...$0 }
    }

    /// The lines of each member of a block with the comments above it; and what stands behind the last.
    private static func entries(_ lines: ArraySlice<String>) -> (entries: [(path: String, lines: [String])], rest: [String]) {
        var entries: [(path: String, lines: [String])] = [], above: [String] = []
        for line in lines {
            above.append(line)
            guard let path = words(line).first else { continue }
            entries.append((path, above))
            above = []
        }
        return (entries, above)
    }

    func findings(_ session: RootSession) -> [String] { session.doubles(in: self) }

    /// The words of a line without its comment.
    private static func words(_ line: String) -> [String] {
        let text = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? Substring(line)
        return text.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// The later of two versions such as 1.21, 1.22.3 or 1.23rc1 (go.dev/doc/toolchain, "Go versions").
    private static func newer(_ a: String, _ b: String) -> String {
        func parts(_ version: String) -> [Int] {
            var parts: [Int] = []
            for (i, part) in version.split(separator: ".").enumerated() {
                let digits = part.prefix { $0.isNumber }
                parts.append(Int(digits) ?? 0)
                // A release candidate or beta comes before the release.
                if digits.count < part.count, i > 0 { parts.append(-1) }
            }
            return parts
        }
        return parts(a).lexicographicallyPrecedes(parts(b)) ? b : a
    }
}
