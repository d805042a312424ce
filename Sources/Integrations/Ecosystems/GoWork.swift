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
        for line in TextEdit.lines(bytes) {
            let words = Self.words(line)
            guard words.count >= 2 else { continue }
            if words[0] == "module" { facts.name = String(words[1].filter { $0 != "\"" && $0 != "`" }) }
            if words[0] == "go" { facts.requires = words[1] }
        }
        return facts
    }

    /// The version is the newest that a member asks for: go refuses a workspace that is older than one of its modules.
    func files(_ session: RootSession) throws(IntegrationError) -> [GeneratedFile] {
        let members = session.members(of: self)
        let version = members.compactMap(\.package.requires).reduce(Self.oldest, Self.newer)
        let use = ["use ("] + members.map { "    ./\($0.path.text)" } + [")"]
        let fresh = (["go \(version)", ""] + use).joined(separator: "\n") + "\n"
        guard let existing = session.existing["go.work"] else { return [GeneratedFile("go.work", fresh)] }
        let lines = TextEdit.lines(existing)
        guard isGenerated(existing), let first = lines.firstIndex(where: { Self.words($0) == ["use", "("] }),
              let last = lines[first...].firstIndex(where: { Self.words($0) == [")"] }) else { throw .own("go.work", self, session) }
        // Replacements and the toolchain stand beside the list. With nothing of that kind the file is as if made anew.
        let others = (lines[..<first] + lines[(last + 1)...]).map(Self.words).filter { !$0.isEmpty && $0.first != "go" }
        if others.isEmpty, !String(decoding: existing, as: UTF8.self).contains("//") { return [GeneratedFile("go.work", fresh)] }
        var changed = lines
        changed.replaceSubrange(first...last, with: use)
        changed = changed.map { line in
            let words = Self.words(line)
            return words.count == 2 && words[0] == "go" ? "go \(Self.newer(words[1], version))" : line
        }
        return [GeneratedFile("go.work", changed.joined(separator: "\n"))]
    }

    /// Ours uses repositories of the weave in one block; anything else is somebody's own.
    func isGenerated(_ bytes: [UInt8]) -> Bool {
        let lines = TextEdit.lines(bytes).map(Self.words)
        guard let first = lines.firstIndex(of: ["use", "("]), let last = lines[first...].firstIndex(of: [")"]), last > first + 1,
              !lines[(last + 1)...].contains(where: { $0.first == "use" }) else { return false }
        return lines[(first + 1)..<last].filter { !$0.isEmpty }.allSatisfy { words in
            words.count == 1 && words[0].hasPrefix("./") && words[0].split(separator: "/").count >= 3
        }
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
