internal import Syscalls

extension ObjectDatabase {
    /// A blob's content, valid during the call. The whole blob is in memory: ask ``objectSize(_:)`` first where that matters.
    /// - Throws: objectMissing, damaged.
    package func withBlob<R>(_ id: ObjectID, _ body: (UnsafeRawBufferPointer) -> R) throws(GitError) -> R {
        try unsafe withObject(id, type: .blob, body)
    }

    package func readBlob(_ id: ObjectID) throws(GitError) -> [UInt8] {
        try unsafe withBlob(id) { p in unsafe Array(p) }
    }

    /// In bytes.
    package func objectSize(_ id: ObjectID) throws(GitError) -> UInt64 { try header(id).size }
}

extension GitProgram {
    /// Writes a blob to a new file at `path`, without holding it in memory (git cat-file). In a partial clone git fetches it
    /// when it is missing.
    /// - Throws: exists when `path` does; objectMissing.
    package static func catFile(_ id: ObjectID, gitDirectory: String, to path: String, timeout: Int? = nil) throws(GitError) {
        let file = try onDisk("cannot create \(path)") { () throws(Errno) in
            try Files.open(path, OpenFlags.writeOnly | OpenFlags.create | OpenFlags.exclusive)
        }
        defer { file.close() }
        do throws(GitError) {
            let outcome = try run(["--git-dir", gitDirectory, "cat-file", "blob", id.hex], directory: gitDirectory,
                                  output: file, timeout: timeout)
            guard outcome.succeeded else {
                throw GitError(.objectMissing, "cannot read the object \(id.hex) of \(gitDirectory)", cause: outcome.said)
            }
        } catch {
            try? Files.unlink(path)
            throw error
        }
    }
}
