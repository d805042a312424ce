internal import Git
internal import Manifest
internal import Syscalls
internal import Weave

/// The checks of one run: over all projects in the weave, over its own project in a workweave.
struct CheckRun {
    private struct Project: Sendable {
        let name: ProjectName
        let manifest: Manifest
        let lock: LockFile?
    }
    private let context: Context
    private let registries: RegistrySet

    init(_ context: Context, _ registries: RegistrySet) throws {
        self.context = context
        self.registries = registries
    }

    func findings() throws -> [CheckFinding] {
        var found: [CheckFinding] = [], projects: [Project] = []
        let names = context.workweave == nil ? try context.weave.allProjects() : [context.project].compactMap { $0 }
        for name in names {
            do { projects.append(Project(name: name, manifest: try context.readManifest(name), lock: try context.readLock(name))) } catch {
                found.append(finding(.error, .manifest, name, nil, CommandFailure(reporting: error).errors.joined(separator: "; ")))
            }
        }
        let heads = readHeads(projects)
        // A manifest that cannot be read may list any clone.
        if context.workweave == nil, found.isEmpty { found += orphans(projects) }
        for project in projects { found += forms(project) + check(project, heads) }
        for project in projects { found += try IntegrationCheck(context, project.name, project.manifest).findings() }
        return unique(found) + (try drift(projects))
    }

    /// What several projects have in common is said once.
    private func unique(_ findings: [CheckFinding]) -> [CheckFinding] {
        var seen: Set<String> = []
        return findings.filter { seen.insert("\($0.source): \($0.text)").inserted }
    }

    private func finding(_ severity: CheckFinding.Severity, _ kind: CheckFinding.Kind, _ project: ProjectName?, _ path: RepoPath?, _ text: String) -> CheckFinding {
        CheckFinding(severity: severity, kind: kind, project: project, path: path, text: text)
    }

    /// HEAD of every repository that is on disk, read once however many projects list it.
    private func readHeads(_ projects: [Project]) -> [RepoPath: Result<RepositoryFacts, CommandFailure>] {
        let paths = Set(projects.flatMap { $0.manifest.repositories.map(\.path) + ($0.lock?.repositories.map(\.path) ?? []) }).sorted()
            .filter { Files.exists(context.repository($0)) }
        let facts = inParallel(paths) { [context] path in
            try RepositoryFacts.read(try RepositoryFacts.open(context.repository(path), shown: path.text), shown: path.text)
        }
        return Dictionary(zip(paths, facts)) { first, _ in first }
    }

    private func check(_ project: Project, _ heads: [RepoPath: Result<RepositoryFacts, CommandFailure>]) -> [CheckFinding] {
        var found: [CheckFinding] = []
        for entry in project.manifest.repositories {
            switch heads[entry.path] {
            case nil:
                found.append(finding(.error, .danglingReference, project.name, entry.path, "dangling reference in \(project.name): \(entry.path)"))
            case .failure(let failure):
                found.append(finding(.error, .repository, project.name, entry.path, "unusable clone in \(project.name): \(failure.errors.joined(separator: "; "))"))
            case .success: break
            }
            if entry.role == nil {
                found.append(finding(.warning, .missingRole, project.name, entry.path, "missing role in \(project.name): \(entry.path)"))
            }
        }
        return found + staleLock(project, heads)
    }

    /// Two manifests, and what a manifest asks for in vain.
    private func forms(_ project: Project) -> [CheckFinding] {
        let names = Manifest.fileNames.filter { Files.exists(context.directory(project.name) + "/" + $0) }
        let both = names.count < 2 ? [] : ["projects/\(project.name) has \(names.joined(separator: " and ")): \(names[0]) is read"]
        return both.map { finding(.warning, .manifestForm, project.name, nil, $0) }
            + project.manifest.unsupported.map { finding(.warning, .unsupported, project.name, nil, $0.description) }
    }

    /// A lock is stale when a repository moved on, or when it does not list what the manifest lists.
    private func staleLock(_ project: Project, _ heads: [RepoPath: Result<RepositoryFacts, CommandFailure>]) -> [CheckFinding] {
        guard let lock = project.lock else { return [] }
        var texts: [(RepoPath, String)] = []
        for entry in lock.repositories {
            if project.manifest[entry.path] == nil {
                texts.append((entry.path, "\(entry.path) is no longer in the manifest"))
            } else if case .success(let facts)? = heads[entry.path], facts.commit != entry.version, !facts.tags.contains(entry.version) {
                texts.append((entry.path, "\(entry.path) locked=\(entry.version) actual=\(facts.commit)"))
            }
        }
        for entry in project.manifest.repositories where lock[entry.path] == nil {
            texts.append((entry.path, "\(entry.path) is not in rwv.lock"))
        }
        return texts.map { finding(.error, .staleLock, project.name, $0.0, "stale lock in \(project.name): \($0.1)") }
    }

    /// Clones below the registries' directories that no project lists.
    private func orphans(_ projects: [Project]) -> [CheckFinding] {
        let known = Set(projects.flatMap { $0.manifest.repositories.map(\.path) })
        let tops = Set(registries.registries.map(\.name) + known.compactMap(\.segments.first))
        return Weave.repositories(below: tops, root: context.root).filter { !known.contains($0) }
            .map { finding(.error, .orphanedClone, nil, $0, "orphaned clone: \($0)") }
    }

    /// Workweaves whose worktrees are not those of their manifest: the workweave's own while it is shown, else the weave's.
    private func drift(_ projects: [Project]) throws -> [CheckFinding] {
        try context.weave.workweaveRecords().flatMap { record in
            guard let name = try? WorkweaveName(record.name), let project = try? ProjectName(record.project),
                  context.workweave == nil || context.workweave == name else { return [CheckFinding]() }
            let own = context.weave.workweave(name) + "/projects/" + project.text
            let manifest = (try? context.weave.readManifest(project, in: own)) ?? projects.first { $0.name == project }?.manifest
            guard let listed = manifest?.repositories.map(\.path) else { return [] }
            let recorded = record.repos.filter { !$0.isProject }.compactMap { try? RepoPath($0.path) }
            let missing = listed.filter { !recorded.contains($0) || !hasWorktree($0, name) }.map { ($0, "no worktree of \($0)") }
            let extra = recorded.filter { !listed.contains($0) }.map { ($0, "extra worktree of \($0)") }
            return (missing + extra).map { finding(.error, .workweaveDrift, project, $0.0, "workweave drift in \(name): \($0.1)") }
        }
    }

    private func hasWorktree(_ path: RepoPath, _ name: WorkweaveName) -> Bool {
        // While the workweave is shown, its directory tells whether the tree is still there.
        let top = context.weave.workweave(name)
        if Files.exists(top + "/.rwv-workweave"), !Files.exists("\(top)/\(path)/.git") { return false }
        guard let clone = try? Repository(opening: context.weave.clone(path)) else { return false }
        return ((try? LinkedWorktree.find(clone.commonDirectory, name.text)) ?? nil) != nil
    }
}
