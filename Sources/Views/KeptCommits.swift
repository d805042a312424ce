internal import Git
internal import Syscalls
internal import Weave

/// Whether what a workweave's branches point to is kept by other references too.
struct KeptCommits {
    let weave: Weave

    /// - Throws: `.dirty`, naming each repo whose branch alone keeps commits.
    func require(_ record: WorkweaveRecord) throws(WeaveError) {
        let results = Thread.map(record.repos, width: CurrentProcess.processorCount) { repo -> Result<String?, WeaveError> in
            do throws(WeaveError) { return .success(try loss(repo, record.name)) } catch { return .failure(error) }
        }
        var losses: [String] = []
        for r in results { if let loss = try r.get() { losses.append(loss) } }
        if losses.isEmpty { return }
        throw WeaveError(.dirty, (["deleting workweave '\(record.name)' would lose work:"] + losses).joined(separator: "\n"), hint: Weave.lossesHint)
    }

    private func loss(_ repo: WorkweaveRecord.Repo, _ name: String) throws(WeaveError) -> String? {
        guard Files.exists("\(weave.root)/\(repo.path)/.git") else { return nil }
        return try git { () throws(GitError) in
            let repository = try Repository(opening: "\(weave.root)/\(repo.path)")
            guard let tip = try repository.references.read(repo.branch), let lost = try repository.commitsOnly(in: name, from: tip, branch: repo.branch) else { return nil }
            return "\(repo.path) has \(lost.count == 1 ? "1 commit" : "\(lost.count) commits") on no other branch (newest: \(lost.newest))"
        }
    }
}
