internal import Syscalls

/// A submodule's repository in a worktree's administration and its working tree name each other by relative paths; so they have to be
/// told when the worktree has moved.
package struct SubmodulePaths {
    /// The administration of the worktree.
    let adminDirectory: String
    /// Where the top of the working tree is for git, and where it may have been.
    let top: String
    let formerTops: [String]
    /// Where the files of the working tree are to be written to: not always where git sees them.
    let files: String

    package init(adminDirectory: String, top: String, formerTops: [String], files: String) {
        self.adminDirectory = adminDirectory
        self.top = top
        self.formerTops = formerTops
        self.files = files
    }

    /// Points them at each other. May be done again. What names a place outside of the worktree stays.
    package func repair() throws(GitError) {
        for (_, repository) in try Status.repositories(below: adminDirectory + "/modules", "") { try repair(repository) }
    }

    private func repair(_ repository: String) throws(GitError) {
        let known = try GitProgram.run(["config", "--file", repository + "/config", "core.worktree"], directory: "/")
        guard known.succeeded, let value = known.outputText.split(separator: "\n").first.map(String.init) else { return }
        let path = Self.normalized(value.hasPrefix("/") ? value : repository + "/" + value)
        guard let former = ([top] + formerTops).first(where: { path.hasPrefix($0 + "/") }) else { return }
        let inside = path.dropFirst(former.count + 1), now = "\(top)/\(inside)"
        if path != now {
            let text = value.hasPrefix("/") ? now : Self.relative(from: repository, to: now)
            try GitProgram.run(["config", "--file", repository + "/config", "core.worktree", text], directory: "/").check("cannot write \(repository)/config")
        }
        let file = "\(files)/\(inside)/.git"
        try onDisk("cannot write \(file)") { () throws(Errno) in
            guard let status = try Files.status(file), status.isRegular else { return }
            let old = String(decoding: try Files.read(file, limit: Files.longestPath * 2), as: UTF8.self)
            guard old.hasPrefix("gitdir: "), !old.hasPrefix("gitdir: /") else { return }
            let new = "gitdir: \(Self.relative(from: now, to: repository))\n"
            if new == old { return }
            try Files.writeAtomically(file, Array(new.utf8))
            try Files.setMode(file, status.permissions)
        }
    }

    /// An absolute path without `.` and `..`, by its words alone.
    static func normalized(_ path: String) -> String {
        var names: [Substring] = []
        for name in path.split(separator: "/") where name != "." {
            if name == ".." { _ = names.popLast() } else { names.append(name) }
        }
        return "/" + names.joined(separator: "/")
    }

    /// How to get from a directory to a path; both absolute.
    static func relative(from directory: String, to path: String) -> String {
        let from = directory.split(separator: "/"), to = path.split(separator: "/")
        let common = zip(from, to).prefix { $0 == $1 }.count
        return (Array(repeating: "..", count: from.count - common) + to.dropFirst(common).map(String.init)).joined(separator: "/")
    }
}
