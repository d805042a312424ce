package import Git
package import Manifest
internal import Syscalls

/// What a workweave is to contain: worked out from manifest and clones, before anything is made.
package struct ViewPlan: Sendable {
    package struct Repo: Sendable {
        /// The path in the weave and in the view.
        package let path: String
        /// The clone's directory.
        package let clone: String
        package let commit: Commit
        /// The ephemeral branch, as a full reference name.
        package let branch: String
        package let isReadOnly: Bool
        package let isProject: Bool
        package init(path: String, clone: String, commit: Commit, branch: String, isReadOnly: Bool, isProject: Bool) {
            self.path = path
            self.clone = clone
            self.commit = commit
            self.branch = branch
            self.isReadOnly = isReadOnly
            self.isProject = isProject
        }
    }

    package let name: WorkweaveName
    package let project: ProjectName
    package let repos: [Repo]
    package let manifest: Manifest
    /// The project directory is not a repo, or one without a commit: it is copied.
    package let copiesProject: Bool
    /// The manifest on disk when it differs from the committed one: its file's name and bytes.
    package let manifestEdit: (name: String, bytes: [UInt8])?

    /// The name of the reference that keeps a base's objects alive while the workweave lives.
    package static func baseReference(_ name: String) -> String { "refs/rwv/\(name)/base" }

    /// What `git worktree list` says of why a workweave's worktree is locked: pruning would take it away while it is not mounted.
    package static func lockReason(_ name: String, in weave: Weave) -> String {
        "\(lockReasonStart)\(name)' of \(weave.root)\(lockReasonEnd)\(name)"
    }
    private static let lockReasonStart = "in use by the workweave '"
    private static let lockReasonEnd = "; remove it with: rwv workweave PROJECT delete "

    /// The workweave that a ``lockReason(_:in:)`` speaks of; nil when it is somebody else's text.
    package static func workweave(inLockReason text: String) -> String? {
        text.hasPrefix(lockReasonStart) ? String(text.dropFirst(lockReasonStart.count).prefix { $0 != "'" }) : nil
    }

    /// The root of the weave that a ``lockReason(_:in:)`` speaks of.
    package static func weave(inLockReason text: String) -> String? {
        guard let name = workweave(inLockReason: text), text.hasSuffix(lockReasonEnd + name) else { return nil }
        return String(text.dropFirst(lockReasonStart.count + name.count + "' of ".count).dropLast(lockReasonEnd.count + name.count))
    }

    /// Works out the plan. Clones are looked at in parallel; the first error (in manifest order) is thrown.
    /// - Parameters:
    ///   - locked: base every repo on rwv.lock.
    ///   - revisions: base these repos on these revisions.
    package static func make(_ weave: Weave, _ project: ProjectName, _ name: WorkweaveName, locked: Bool, revisions: [String: String]) throws(WeaveError) -> ViewPlan {
        let manifest = try weave.readManifest(project)
        var wanted = revisions
        if locked {
            guard let lock = try weave.readLock(project) else {
                throw WeaveError(.notFound, "projects/\(project.text)/rwv.lock does not exist", hint: "run 'rwv lock' first, or leave --locked out")
            }
            for entry in lock.repositories where wanted[entry.path.text] == nil { wanted[entry.path.text] = entry.version }
            for entry in manifest.repositories where wanted[entry.path.text] == nil {
                throw WeaveError(.invalid, "rwv.lock has no entry for \(entry.path.text)", hint: "run 'rwv lock' to bring it up to date")
            }
        }
        for path in revisions.keys where !manifest.repositories.contains(where: { $0.path.text == path }) {
            throw WeaveError(.notFound, "\(path) is not a repo of project '\(project.text)'", hint: "see the manifest in projects/\(project.text)")
        }
        let requests = manifest.repositories.map { entry in
            Request(path: entry.path.text, clone: weave.clone(entry.path), revision: wanted[entry.path.text],
                    isReadOnly: entry.role == .reference && !manifest.workweave.writableReference, isProject: false)
        }
        let directory = weave.project(project)
        // A repo without a commit has nothing that a worktree could show.
        var isRepo = Files.exists(directory + "/.git")
        if isRepo { isRepo = try git { () throws(GitError) in try Repository(opening: directory).head().commit != nil } }
        let all = requests + (isRepo ? [Request(path: "projects/\(project.text)", clone: directory, revision: nil, isReadOnly: false, isProject: true)] : [])
        try requireDifferent(all)
        let looked = Thread.map(all, width: CurrentProcess.processorCount * 2) { request -> Result<Repo, WeaveError> in
            do throws(WeaveError) { return .success(try look(request, name)) } catch { return .failure(error) }
        }
        var repos: [Repo] = []
        for result in looked { repos.append(try result.get()) }
        return ViewPlan(name: name, project: project, repos: repos, manifest: manifest, copiesProject: !isRepo,
                        manifestEdit: isRepo ? try editedManifest(weave, project, repos.last) : nil)
    }

    /// Plans repos that join a workweave, on the HEADs of their clones.
    package static func makeAdditions(_ weave: Weave, _ record: WorkweaveRecord, _ entries: [RepositoryEntry], writableReference: Bool,
                                      _ name: WorkweaveName) throws(WeaveError) -> [Repo] {
        var repos: [Repo] = []
        for entry in entries {
            repos.append(try look(Request(path: entry.path.text, clone: weave.clone(entry.path), revision: nil,
                                          isReadOnly: entry.role == .reference && !writableReference, isProject: false), name))
        }
        return repos
    }

    private struct Request: Sendable {
        let path: String
        let clone: String
        let revision: String?
        let isReadOnly: Bool
        let isProject: Bool
    }

    /// git has one worktree of a name in a repository.
    private static func requireDifferent(_ requests: [Request]) throws(WeaveError) {
        var known: [String: String] = [:]
        for request in requests {
            guard let directory = Repository.commonDirectory(ofClone: request.clone), let place = try? Files.canonical(directory) else { continue }
            if let other = known[place] {
                throw WeaveError(.unsupported, "\(other) and \(request.path) are working trees of one repository (\(place)), of which a workweave can have one",
                                 hint: "take one of them out of the manifest, or clone it on its own")
            }
            known[place] = request.path
        }
    }

    private static func look(_ r: Request, _ name: WorkweaveName) throws(WeaveError) -> Repo {
        do throws(WeaveError) { return try examine(r, name) } catch {
            if error.message.contains(r.path) { throw error }
            throw WeaveError(error.code, "\(r.path): \(error.message)", hint: error.hint)
        }
    }

    private static func examine(_ r: Request, _ name: WorkweaveName) throws(WeaveError) -> Repo {
        guard Files.isDirectory(r.clone) else {
            throw WeaveError(.notFound, "\(r.path) is not cloned", hint: "run 'rwv fetch' to clone what is missing")
        }
        let repository = try git { () throws(GitError) in try Repository(opening: r.clone) }
        if repository.isBare {
            throw WeaveError(.unsupported, "\(r.path) is a bare repository", hint: "a weave holds ordinary clones; clone it again without --bare")
        }
        let head = try git { () throws(GitError) in try repository.head() }
        guard let tip = head.commit else {
            throw WeaveError(.unsupported, "\(r.path) has no commit yet", hint: "make a first commit there, or take it out of rwv.yaml")
        }
        let base = try r.revision.map { revision throws(WeaveError) in try git { () throws(GitError) in try repository.resolveCommit(revision) } } ?? tip
        let branch = "refs/heads/\(name.text)/\(head.branch ?? "HEAD")"
        let commit = try git { () throws(GitError) in try repository.commit(base) }
        if try git({ () throws(GitError) in try repository.references.exists(branch) }) {
            throw WeaveError(.exists, "\(r.path) already has the branch \(branch.dropFirst("refs/heads/".count))",
                             hint: "delete that branch (git branch -d), or choose another name")
        }
        if let other = try git({ () throws(GitError) in try repository.references.conflicting(branch) }) {
            throw WeaveError(.exists, "\(r.path) has \(other), so the branch \(branch.dropFirst("refs/heads/".count)) cannot be made",
                             hint: "git cannot have a branch both as a name and as a directory of names; choose another name")
        }
        if try git({ () throws(GitError) in try LinkedWorktree.find(repository.commonDirectory, name.text) }) != nil {
            throw WeaveError(.exists, "\(r.path) already has a worktree named \(name.text)",
                             hint: "see 'git worktree list' there; choose another name")
        }
        return Repo(path: r.path, clone: r.clone, commit: commit, branch: branch, isReadOnly: r.isReadOnly, isProject: r.isProject)
    }

    /// The manifest on disk, if it is not what the project's HEAD has.
    private static func editedManifest(_ weave: Weave, _ project: ProjectName, _ repo: Repo?) throws(WeaveError) -> (name: String, bytes: [UInt8])? {
        guard let repo, repo.isProject, let name = Weave.manifestName(in: weave.project(project)) else { return nil }
        let path = weave.project(project) + "/" + name
        let bytes = try system("read \(path)") { () throws(Errno) in try Files.read(path) }
        let repository = try git { () throws(GitError) in try Repository(opening: repo.clone) }
        let committed = try git { () throws(GitError) in try repository.content(of: name, in: repo.commit.tree) }
        return committed == bytes ? nil : (name, bytes)
    }
}
