internal import Git
internal import Weave

/// Files as the commits have them on which a workweave is based.
struct CommittedFiles: Sendable {
    private let repos: [String: ViewPlan.Repo]

    init(_ plan: ViewPlan) { repos = Dictionary(plan.repos.map { ($0.path, $0) }) { first, _ in first } }

    /// A reader of one repo's files; it is used by the thread that asked for it.
    func reader(_ path: String) -> (String) -> [UInt8]? {
        guard let repo = repos[path], let repository = try? Repository(opening: repo.clone) else { return { _ in nil } }
        return { name in (try? repository.content(of: name, in: repo.commit.tree)) ?? nil }
    }
}

/// What the commits say of paths in a workweave. Used by one thread.
final class CommittedPlaces {
    private let repos: [ViewPlan.Repo]
    private var opened: [String: Repository] = [:]

    init(_ plan: ViewPlan) { repos = plan.repos }

    /// The repo that a path lies in, not being the repo itself, and its path there.
    private func owner(of path: String) -> (repo: ViewPlan.Repo, path: String)? {
        repos.first { path.hasPrefix($0.path + "/") }.map { ($0, String(path.dropFirst($0.path.count + 1))) }
    }

    func isInRepo(_ path: String) -> Bool { owner(of: path) != nil }

    /// The mode (``FileMode``) of what a checkout has at a path; nil where it has nothing, and outside of repos.
    func mode(_ path: String) throws(WeaveError) -> UInt32? {
        guard let (repo, inside) = owner(of: path) else { return nil }
        return try git { () throws(GitError) in
            let repository: Repository
            if let known = opened[repo.path] { repository = known } else { repository = try Repository(opening: repo.clone) }
            opened[repo.path] = repository
            return try repository.entry(inside, in: repo.commit.tree)?.mode
        }
    }
}
