internal import Git

extension Repository {
    /// How many paths `git status --porcelain` would list: changed, staged and untracked ones.
    func changedFileCount() throws(GitError) -> Int {
        let outcome = try GitProgram.run(["status", "--porcelain", "-z"], directory: workingDirectory ?? gitDirectory)
        try outcome.check("cannot examine \(workingDirectory ?? gitDirectory)")
        var count = 0, skips = false
        for record in outcome.output.split(separator: 0) {
            if skips { skips = false; continue }
            count += 1
            skips = record.first == UInt8(ascii: "R") || record.first == UInt8(ascii: "C")
        }
        return count
    }
}
