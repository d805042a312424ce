import Manifest
import Testing
import YAML

/// A generator whose seed is printed with every failure (SplitMix64).
private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A manifest with comments, blank lines, unknown keys, anchors, quotes and brackets in places chosen by chance.
private func manifest(_ random: inout Seeded) -> String {
    func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }
    let indent = String(repeating: " ", count: Int.random(in: 1...5, using: &random))
    let step = indent + String(repeating: " ", count: Int.random(in: 1...5, using: &random))
    var text = chance(2) ? "# Überschrift\n\n" : ""
    if chance(3) { text += "name: 'x' # why\n" }
    var paths = (0..<Int.random(in: 0...5, using: &random)).map { "github/o\(Int.random(in: 0...3, using: &random))/r\($0 * 2 + 1)" }
    if chance(2) { paths.sort() } else { paths.shuffle(using: &random) }
    let (isSeparated, isFlow) = (chance(2), chance(4))
    if isFlow {
        let entries = paths.map { "\"\($0)\": {type: git, url: u\(chance(2) ? ", extra: [1]" : "")}" }
        let isLong = chance(2) && !entries.isEmpty
        text += "repositories: {" + (isLong ? "\n " : "") + entries.joined(separator: isLong ? ",\n " : ", ") + (isLong ? "\n}\n" : "}\n")
    } else {
        text += paths.isEmpty ? "repositories: {}" : "repositories:"
        text += chance(3) ? " # these\n" : "\n"
        if chance(4) { text += "\n" }
        for (at, path) in paths.enumerated() {
            if isSeparated, at > 0 { text += chance(5) ? "   \n" : "\n" }
            if chance(3) { text += "\(indent)# about \(path)\n" }
            text += indent + (chance(3) ? "'\(path)'" : path) + ":" + (chance(4) ? " # note" : "") + "\n"
            text += "\(step)type: git\n"
            if chance(3) { text += "\(step)# inside\n" }
            text += "\(step)url: \"https://h/\(path)\"\n"
            if chance(2) { text += "\(step)notes: |\n\(step)  # no comment\n\(step)  text\n" }
            if chance(2) { text += "\(step)role: primary # ok\n" }
            if chance(6) { text += "\(step)# last inside\n" }
        }
        if chance(4), !paths.isEmpty { text += "\(indent)# behind the last\n" }
    }
    if chance(2) { text += "\n" }
    if chance(2) { text += "integrations:\n  npm-workspaces: {enabled: false}\n" }
    if chance(3) { text += "# end\n" }
    if chance(4) { text = text.replacing("\n", with: "\r\n") }
    // The line end of a literal scalar belongs to its text, so that an entry behind it could not keep it missing.
    if chance(4), text.utf8.last == 0x0A, !text.hasSuffix("  text\n"), !text.hasSuffix("  text\r\n") {
        text = String(decoding: Array(text.utf8).dropLast(text.hasSuffix("\r\n") ? 2 : 1), as: UTF8.self)
    }
    return chance(6) ? "\u{FEFF}" + text : text
}

@Suite struct EditorProperties {
    @Test(arguments: 0..<400) func addThenRemoveGivesTheTextBack(seed: Int) throws {
        var random = Seeded(state: UInt64(seed))
        let text = manifest(&random)
        let before = try ManifestEditor(Array(text.utf8), file: "rwv.yaml")
        let path = try RepoPath("github/o\(Int.random(in: 0...3, using: &random))/r\(Int.random(in: 0...5, using: &random) * 2)")
        let added = try before.adding(path: path, url: RemoteURL("https://h/x.git"), version: "1.10", role: .reference)
        let after = try ManifestEditor(Array(added.utf8), file: "rwv.yaml")
        #expect(after.manifest[path]?.version == "1.10")
        #expect(after.manifest[path]?.role == .reference)
        #expect(after.manifest.repositories.count == before.manifest.repositories.count + 1)
        let removed = try after.removing(path)
        #expect(removed.utf8.elementsEqual(text.utf8), "seed \(seed)\n--- text\n\(text)\n--- added\n\(added)\n--- removed\n\(removed)")
    }

    @Test(arguments: 0..<400) func removingKeepsEveryOtherLine(seed: Int) throws {
        var random = Seeded(state: UInt64(seed) &+ 1_000_000)
        let text = manifest(&random)
        let before = try ManifestEditor(Array(text.utf8), file: "rwv.yaml")
        let others = text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("# ") || $0.hasPrefix("name") || $0.contains("enabled") }
        for entry in before.manifest.repositories {
            let removed = try before.removing(entry.path)
            let after = try ManifestEditor(Array(removed.utf8), file: "rwv.yaml")
            #expect(after.manifest.repositories.map(\.path) == before.manifest.repositories.map(\.path).filter { $0 != entry.path })
            #expect(!removed.contains("about \(entry.path)"))
            for other in before.manifest.repositories where other.path != entry.path {
                #expect(removed.contains("about \(other.path)") == text.contains("about \(other.path)"), "seed \(seed)\n\(text)\n---\n\(removed)")
            }
            for line in others { #expect(removed.contains(line)) }
        }
    }

    /// Texts damaged by chance: whatever can still be read is edited right or refused, and nothing traps.
    @Test(arguments: 0..<2000) func damagedTextsAreEditedRightOrRefused(seed: Int) throws {
        var random = Seeded(state: UInt64(seed) &+ 2_000_000)
        var bytes = Array(manifest(&random).utf8)
        let marks = Array("{}[]:,#&*!|>'\"%@`-? \t\r\n~x".utf8) + [0xC3, 0xEF, 0]
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            let mark = marks.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes.remove(at: at)
            case 1: bytes.insert(mark, at: at)
            case 2: bytes[at] = mark
            default: bytes.removeSubrange(at...)
            }
        }
        guard let before = try? ManifestEditor(bytes, file: "rwv.yaml") else { return }
        let path = try RepoPath("github/new/repo")
        do throws(ManifestError) {
            let added = try before.adding(path: path, url: RemoteURL("u"), version: "1", role: nil)
            let after = try ManifestEditor(Array(added.utf8), file: "rwv.yaml")
            #expect(after.manifest.repositories.map(\.path).filter { $0 != path } == before.manifest.repositories.map(\.path))
            _ = try after.removing(path)
            for entry in before.manifest.repositories { _ = try before.removing(entry.path) }
        } catch {
            #expect(error.code == .cannotEdit, "seed \(seed): \(error)")
        }
    }
}
