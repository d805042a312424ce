internal import Git
internal import Syscalls

/// Which objects clones lack of the commits that workweaves are based on. Each commit is looked at once, however many share it. Not thread-safe.
final class DoctorObjects {
    private var known: [String: String?] = [:]

    /// What is missing of a commit, its trees and files; nil when nothing is. In a clone that was made without all objects, git fetches them.
    func lacking(_ id: ObjectID, _ repository: Repository, _ clone: String) -> String? {
        let key = clone + "\0" + id.hex
        if let found = known[key] { return found }
        let found = Self.look(id, repository, clone)
        known[key] = .some(found)
        return found
    }

    private static func look(_ id: ObjectID, _ repository: Repository, _ clone: String) -> String? {
        guard let commit = try? repository.commit(id) else { return "the commit \(id.short)" }
        if repository.isPartialClone { return nil }
        guard (try? repository.objects.has(commit.tree)) == true else { return "the tree of the commit \(id.short)" }
        // What git prints with "?" in front is missing.
        let all = try? GitProgram.run(["rev-list", "--objects", "--no-walk", "--missing=print", id.hex], directory: clone)
        guard let all, all.status == 0 else { return "something of the commit \(id.short)" }
        let count = all.output.split(separator: UInt8(ascii: "\n")).count { $0.first == UInt8(ascii: "?") }
        return count == 0 ? nil : "\(counted(count, "object")) of the commit \(id.short)"
    }
}
