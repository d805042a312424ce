internal import Control
internal import Git
internal import Integrations
internal import Manifest
internal import Syscalls
internal import Weave

/// Files of a workweave's project directory that are nobody's work: given to it when it was made, generated, printed by programs of the
/// `command` integration, or locks of the ecosystems' tools in no commit. What they hold is worked out once.
struct RemadeFiles {
    private let root: String
    private let project: String
    private let record: WorkweaveRecord?
    /// What the integrations make of the workweave as it is, without what somebody added: of nothing, and of what the project's commit has. By path from
    /// the project directory.
    private let generated: [String: [[UInt8]]]
    /// Blob ids of what programs printed, by path from the project directory.
    private let printed: [String: [String]]
    private let toolLocks: Set<String>

    init(_ weave: Weave, _ info: WorkweaveInfo, _ record: WorkweaveRecord?) throws {
        let name = try ProjectName(info.project)
        let context = Context(weave: weave, workweave: try WorkweaveName(info.name), project: name)
        root = info.path
        project = "projects/" + info.project
        self.record = record
        // A manifest that cannot be read generates nothing.
        let wiring = try? Activate.wiring(name, context)
        let made = [[:], Self.committed(weave, info, wiring)].compactMap { existing in
            wiring.flatMap { try? Resolution.make($0.with(existing: existing), dangling: false, keepingOwn: true, exists: { _ in false }) }
        }
        generated = Dictionary(grouping: made.flatMap(\.files), by: \.path).mapValues { $0.map(\.bytes) }
        printed = (try? CommandIntegration(context, name).known()) ?? [:]
        toolLocks = Set(ecosystems.filter { $0.tool != nil && $0.marker != nil }
            .flatMap { ((try? $0.surfacedPaths(project: name, settings: nil)) ?? []).dropFirst() })
    }

    /// Those changes of the project directory that are somebody's work, with the generated files that somebody changed and git does not
    /// name, because they are ignored.
    func others(_ named: [(path: String, isUntracked: Bool)]) -> [String] {
        let seen = named.filter { !$0.isUntracked || !toolLocks.contains($0.path) }.map(\.path)
        let hidden = (record?.given ?? [:]).keys.filter { $0.hasPrefix(project + "/") }.map { String($0.dropFirst(project.count + 1)) }
            .filter { !seen.contains($0) && Files.exists("\(root)/\(project)/\($0)") }
        return (seen + hidden.sorted()).filter { !isRemade($0.hasSuffix("/") ? String($0.dropLast()) : $0) }
    }

    /// What the commit that the project's worktree was made on holds at the places of generated files.
    private static func committed(_ weave: Weave, _ info: WorkweaveInfo, _ wiring: RootSession?) -> [String: [UInt8]] {
        guard let paths = wiring?.existing.keys, let base = info.repos.first(where: { $0.path == "projects/" + info.project })?.base, let id = ObjectID(hex: base),
              let repository = try? Repository(opening: weave.root + "/projects/" + info.project), let tree = try? repository.commit(id).tree else { return [:] }
        return paths.reduce(into: [:]) { found, path in found[path] = (try? repository.content(of: path, in: tree)) ?? nil }
    }

    private func isRemade(_ path: String) -> Bool {
        let full = "\(root)/\(project)/\(path)"
        if (try? Files.status(full))??.isDirectory == true, let directory = try? Files.open(full, OpenFlags.directory | OpenFlags.noFollow) {
            defer { directory.close() }
            return (try? directory.directoryEntries())?.allSatisfy { isRemade(path + "/" + $0.text) } ?? false
        }
        if record?.holdsOnlyGiven("\(project)/\(path)", in: root) == true { return true }
        guard generated[path] != nil || printed[path] != nil, let bytes = (try? Files.readIfExists(full)) ?? nil else { return false }
        return generated[path]?.contains(bytes) == true || printed[path]?.contains(blobID(of: bytes).hex) == true
    }
}
