internal import Layers
internal import Manifest
internal import Syscalls
internal import Weave

/// Works out what a project mount shows: from the manifest, the clones that are there, and the weave's workweaves.
struct ProjectComposer: Sendable {
    let weave: Weave
    let surface: ServedWeave.Surface
    let showsAll: Bool
    /// The workweaves of a project, by name.
    let workweaves: @Sendable (String) -> [String]

    /// - Throws: `.notFound` for a project without rwv.yaml; `.manifest` for one that cannot be read.
    func tree(_ project: ProjectName, _ files: Passthrough) throws(WeaveError) -> ProjectTree {
        let manifest = try weave.readManifest(project)
        var repos: [(path: String, isReadOnly: Bool)] = manifest.repositories.map { ($0.path.text, $0.role == .reference) }
        if showsAll { repos += clones().map { ($0, false) } }
        let directory = weave.project(project)
        return try system("compose '\(project)'") { () throws(Errno) in
            var items: [(path: String, item: ProjectTree.Item)] = [
                (ActiveMarker.fileName, .file(Array(ActiveMarker.text(project).utf8))), (".workweaves", .directory),
            ]
            var readOnly: Set<UInt16> = []
            for repo in repos where Files.isDirectory(weave.root + "/" + repo.path) {
                let root = try files.root(repo.path)
                items.append((repo.path, .attachment(root: root)))
                if repo.isReadOnly { readOnly.insert(root) }
            }
            items.append(("projects/\(project.text)", .attachment(root: try files.root("projects/\(project.text)"))))
            for name in workweaves(project.text) { items.append((".workweaves/" + name, .link(target: Array("\(weave.workweaves)/\(name)".utf8)))) }
            for link in surface(project, manifest, { Files.exists(directory + "/" + $0) }) { items.append((link.path, .link(target: Array(link.target.utf8)))) }
            let upper = weave.mountUpper(project)
            try Files.makeDirectories(weave.root + "/" + upper, mode: 0o755)
            return ProjectTree(project: project.text, upper: try files.root(upper), readOnly: readOnly, items: items)
        }
    }

    /// Paths of the weave's clones: directories with a `.git`, at most four levels down; links are not followed.
    private func clones() -> [String] {
        var found: [String] = []
        func visit(_ path: String, _ depth: Int) {
            guard let file = try? Files.open(weave.root + "/" + path, OpenFlags.directory | OpenFlags.noFollow) else { return }
            defer { file.close() }
            for entry in ((try? file.directoryEntries()) ?? []) where entry.name.first != UInt8(ascii: ".") {
                let inner = path.isEmpty ? entry.text : path + "/" + entry.text
                if path.isEmpty, entry.text == "projects" { continue }
                guard let status = try? Files.status(weave.root + "/" + inner), status.isDirectory else { continue }
                if Files.exists(weave.root + "/" + inner + "/.git") { found.append(inner) } else if depth < 4 { visit(inner, depth + 1) }
            }
        }
        visit("", 1)
        return found.sorted()
    }
}
