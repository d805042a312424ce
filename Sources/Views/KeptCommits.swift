internal import Git
internal import Syscalls
internal import Weave

/// Whether what a workweave's branches point to is kept by other references too.
struct KeptCommits {
    let weave: Weave

    struct Finding: Sendable {
        let repo: WorkweaveRecord.Repo
        /// Where the branch points; nil when it is gone.
        var tip: ObjectID?
        /// What would be lost with the branch, as a sentence; nil when nothing is.
        var loss: String?
    }

    /// - Throws: `.dirty`, naming each repo whose branch alone keeps commits. - Returns: where the branches point, by path.
    func require(_ record: WorkweaveRecord) throws(WeaveError) -> [String: ObjectID] {
        let findings = try look(record.repos, record.name), losses = findings.compactMap(\.loss)
        if losses.isEmpty { return Dictionary(findings.compactMap { f in f.tip.map { (f.repo.path, $0) } }) { first, _ in first } }
        throw WeaveError(.dirty, (["deleting workweave '\(record.name)' would lose work:"] + losses).joined(separator: "\n"), hint: Weave.lossesHint)
    }

    func look(_ repos: [WorkweaveRecord.Repo], _ name: String) throws(WeaveError) -> [Finding] {
        let results = Thread.map(repos, width: CurrentProcess.processorCount) { repo -> Result<Finding, WeaveError> in
            do throws(WeaveError) { return .success(try look(repo, name)) } catch { return .failure(error) }
        }
        var findings: [Finding] = []
        for r in results { findings.append(try r.get()) }
        return findings
    }

    private func look(_ repo: WorkweaveRecord.Repo, _ name: String) throws(WeaveError) -> Finding {
        guard Files.exists("\(weave.root)/\(repo.path)/.git") else { return Finding(repo: repo) }
        return try git { () throws(GitError) in
            let repository = try Repository(opening: "\(weave.root)/\(repo.path)")
            guard let tip = try repository.references.read(repo.branch) else { return Finding(repo: repo) }
            let lost = try repository.commitsOnly(in: name, from: tip, branch: repo.branch)
            return Finding(repo: repo, tip: tip, loss: lost.map {
                "\(repo.path) has \($0.count == 1 ? "1 commit" : "\($0.count) commits") on no other branch (newest: \($0.newest))"
            })
        }
    }
}
