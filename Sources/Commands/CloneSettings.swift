internal import ArgumentParsing
internal import Git
internal import Manifest
internal import Syscalls

/// How the user wants a project's repositories to be cloned.
struct CloneSettings: Sendable {
    static let options = [
        OptionSpec("--jobs", value: "N", "how many clones at once (default 8)"),
        OptionSpec("--depth", value: "N", "clone only the last N commits of each repository"),
        OptionSpec("--filter", value: "SPEC", "make partial clones, such as blob:none: git gets what is missing when it needs it"),
        OptionSpec("--reference", value: "DIR", "borrow objects from the clones of another weave, or from one repository"),
    ]

    /// Clones at once.
    let jobs: Int
    /// Commits of history; nil: all.
    let depth: Int?
    /// A partial clone's filter, as git takes it.
    let filter: String?
    /// Absolute path of a weave or of a repository.
    let reference: String?

    init(_ session: Session) throws {
        jobs = try Self.number("--jobs", session) ?? 8
        depth = try Self.number("--depth", session)
        filter = session.arguments.value("--filter")
        guard filter?.isEmpty != true else { throw UsageError("--filter wants a filter", hint: "write --filter blob:none") }
        reference = try session.arguments.value("--reference").map { text in
            guard let path = try? Files.canonical(session.path(text)), Files.isDirectory(path) else {
                throw CommandFailure("--reference: there is no directory \(text)", hint: "name a weave or a clone on this disk")
            }
            return path
        }
    }

    private static func number(_ option: String, _ session: Session) throws -> Int? {
        guard let text = session.arguments.value(option) else { return nil }
        guard let number = Int(text), number > 0, number < 1 << 31 else {
            throw UsageError("\(option) wants a number, not '\(text)'", hint: "write \(option) 8")
        }
        return number
    }

    /// What git is told for one repository.
    func options(_ path: RepoPath) -> GitProgram.CloneOptions {
        GitProgram.CloneOptions(depth: depth, filter: filter, reference: reference.flatMap { directory in
            ["\(directory)/\(path)", directory].first { (try? Repository(opening: $0)) != nil }
        })
    }
}
