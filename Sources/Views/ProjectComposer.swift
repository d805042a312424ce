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

    /// The weave's clones that the manifest does not list, below the registries' directories and those of other projects.
    private func clones(besides manifest: Manifest) throws(WeaveError) -> [RepoPath] {
        let listed = try weave.allProjects().compactMap { try? weave.readManifest($0) }.flatMap { $0.repositories.map(\.path) }
        let tops = Set(RegistrySet().registries.map(\.name) + listed.compactMap(\.segments.first))
        return Weave.repositories(below: tops, root: weave.root).filter { manifest[$0] == nil }
    }

    /// - Throws: `.notFound` for a project without rwv.yaml; `.manifest` for one that cannot be read.
    func tree(_ project: ProjectName, _ files: Passthrough) throws(WeaveError) -> ProjectTree {
        try tree(project, try weave.readManifest(project), files)
    }

    /// What the project's manifest said when it was kept last.
    func lastGood(_ project: ProjectName, in all: String, _ files: Passthrough) throws(WeaveError) -> ProjectTree {
        try tree(project, try weave.readManifest(project, in: Self.kept(project, in: all)), files)
    }

    private static func kept(_ project: ProjectName, in all: String) -> String { all + "/" + Weave.flatName(project) }

    /// Keeps a copy of the project's manifest in a directory of `all`, if it can be read, for a server that finds it broken; those of projects that
    /// were shown before go. A copy that cannot be written is no error.
    func keep(_ project: ProjectName, in all: String) {
        let directory = Self.kept(project, in: all), place = weave.project(project)
        guard let name = Weave.manifestName(in: place), let bytes = try? Files.read(place + "/" + name), (try? Manifest.parse(bytes, file: name)) != nil else { return }
        if (try? Files.read(directory + "/" + name)) == bytes { return }
        try? Files.makeDirectories(directory, mode: 0o700)
        for other in Manifest.fileNames where other != name { try? Files.unlink(directory + "/" + other) }
        try? Files.writeAtomically(directory + "/" + name, bytes, durable: false)
        guard let folder = try? Files.open(all, OpenFlags.directory) else { return }
        defer { folder.close() }
        for other in (try? folder.directoryEntries()) ?? [] where all + "/" + other.text != directory { try? Files.removeTree(all + "/" + other.text) }
    }

    private func tree(_ project: ProjectName, _ manifest: Manifest, _ files: Passthrough) throws(WeaveError) -> ProjectTree {
        var repos: [(path: String, isReadOnly: Bool)] = manifest.repositories.map { ($0.path.text, $0.role == .reference) }
        if showsAll { repos += try clones(besides: manifest).map { ($0.text, false) } }
        let directory = weave.project(project)
        return try system("compose '\(project)'") { () throws(Errno) in
            var items: [(path: String, item: ProjectTree.Item)] = [
                (ActiveMarker.fileName, .file(Array(ActiveMarker.text(project).utf8))), (".workweaves", .directory),
            ]
            var readOnly: Set<UInt16> = []
            // A link leads nowhere here: what it leads to may lie outside of the weave.
            for repo in repos where (try? Files.canonical(weave.root + "/" + repo.path)) == weave.root + "/" + repo.path && Files.isDirectory(weave.root + "/" + repo.path) {
                let root = try files.root(repo.path)
                items.append((repo.path, .attachment(root: root)))
                if repo.isReadOnly { readOnly.insert(root) }
            }
            items.append(("projects/\(project.text)", .attachment(root: try files.root("projects/\(project.text)"))))
            for name in workweaves(project.text) { items.append((".workweaves/" + name, .link(target: Array("\(weave.workweaves)/\(name)".utf8)))) }
            let wiring = surface(SurfaceRequest(project: project, workweave: nil, root: weave.root, manifest: manifest,
                                                member: { path in { [weave] in Self.content("\(weave.clone(path))/\($0)") } },
                                                projectFile: { Self.content(directory + "/" + $0) }))
            for link in wiring.links { items.append((link.path, .link(target: Array(link.target.utf8)))) }
            let upper = weave.mountUpper(project)
            try Files.makeDirectories(weave.root + "/" + upper, mode: 0o755)
            return ProjectTree(project: project.text, upper: try files.root(upper), readOnly: readOnly, items: items)
        }
    }

    private static func content(_ path: String) -> [UInt8]? { (try? Files.readIfExists(path)) ?? nil }
}
