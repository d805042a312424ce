internal import Syscalls

/// A file whose checked-out content is not its blob.
package struct Conversion: Sendable, Hashable {
    /// The index into ``TreeListing/entries``.
    package let entry: Int
    /// A file with what a checkout holds, below the directory that the caller gave.
    package let path: String
    /// In bytes.
    package let size: UInt64
}

extension CheckoutRules {
    /// The entries that a checkout converts (line ends, ident, encoding, filters such as LFS), made by git itself.
    /// In a partial clone the blobs must be there: call ``TreeListing/sizes(_:)`` first.
    /// - Parameters:
    ///   - index: an index of exactly this tree; it is only read.
    ///   - skipping: entries left out by a sparse checkout.
    ///   - directory: an existing, empty directory, absolute. Results stay in `directory/converted`.
    ///   - timeout: seconds for each run of git, filters included.
    /// - Throws: programFailed with git's words, as when a required filter fails; timedOut.
    package func conversions(_ listing: TreeListing, _ repository: Repository, index: String, skipping: Set<Int> = [],
                             directory: String, timeout: Int) throws(GitError) -> [Conversion] {
        let workTree = directory + "/tree", results = directory + "/converted"
        try onDisk("cannot prepare \(directory)") { () throws(Errno) in try Files.makeDirectory(workTree) }
        let wanted = try candidates(listing, repository, index: index, directory: workTree, timeout: timeout)
            .filter { !skipping.contains($0) }
        if wanted.isEmpty { return [] }
        let outcome = try GitProgram.run(Self.quiet + ["checkout-index", "-z", "--stdin"], directory: workTree,
                                         environment: Self.environment(gitDirectory, index: index, workTree: workTree),
                                         input: Array(wanted.map { listing.path($0) + [0] }.joined()), timeout: timeout)
        try outcome.check("cannot check out the converted files of \(gitDirectory)", hint: "see that the filters named in .gitattributes work")
        return try collect(wanted, listing, repository, workTree, results)
    }

    /// Moves what differs from its blob to a file named by its entry, so that no name of the tree is a path of ours.
    private func collect(_ wanted: [Int], _ listing: TreeListing, _ repository: Repository, _ workTree: String, _ results: String)
        throws(GitError) -> [Conversion] {
        try onDisk("cannot make \(results)") { () throws(Errno) in try Files.makeDirectory(results) }
        let from = try onDisk("cannot open \(workTree)") { () throws(Errno) in try Files.open(workTree, OpenFlags.directory) }
        defer { from.close() }
        let to = try onDisk("cannot open \(results)") { () throws(Errno) in try Files.open(results, OpenFlags.directory) }
        defer { to.close() }
        var found: [Conversion] = []
        let source = PathBuffer(), target = PathBuffer()
        for i in wanted {
            let size: UInt64 = try onDisk("git did not check out \(listing.text(i))") { () throws(Errno) in
                source.reset()
                try source.prepend(listing.path(i).span)
                target.reset()
                try target.prepend(Array("\(i)".utf8).span)
                try from.rename(source, to: to, target)
                return try to.status(target).byteCount
            }
            let path = "\(results)/\(i)"
            if try repository.objects.objectSize(listing.entries[i].oid) == size, try isBlob(path, listing.entries[i].oid) {
                try onDisk("cannot remove \(path)") { () throws(Errno) in try Files.unlink(path) }
            } else { found.append(Conversion(entry: i, path: path, size: size)) }
        }
        return found
    }

    private func isBlob(_ path: String, _ id: ObjectID) throws(GitError) -> Bool {
        let bytes = try onDisk("cannot read \(path)") { () throws(Errno) in try Files.read(path, limit: .max) }
        return blobID(of: bytes) == id
    }

    /// The entries that the clone's sparse patterns leave out of a checkout, as git itself decides (git read-tree -mu on an index
    /// of its own). Empty when sparse checkout is off.
    /// - Parameter directory: an existing, empty directory, absolute.
    package func sparse(_ listing: TreeListing, directory: String, timeout: Int) throws(GitError) -> Set<Int> {
        guard isSparse else { return [] }
        let workTree = directory + "/sparse-tree", index = directory + "/sparse-index"
        try onDisk("cannot prepare \(directory)") { () throws(Errno) in try Files.makeDirectory(workTree) }
        let nothing = IndexStat(mtimeSeconds: 0, mtimeNanoseconds: 0, ctimeSeconds: 0, ctimeNanoseconds: 0, inode: 0, uid: 0, gid: 0, size: 0)
        try IndexFile.write(to: index, listing, stat: { _ in nothing })
        let environment = Self.environment(gitDirectory, index: index, workTree: workTree)
        try GitProgram.run(Self.quiet + ["read-tree", "-mu", listing.tree.hex], directory: workTree, environment: environment, timeout: timeout)
            .check("cannot apply the sparse patterns of \(gitDirectory)")
        let listed = try GitProgram.run(Self.quiet + ["ls-files", "-t", "-z"], directory: workTree, environment: environment, timeout: timeout)
        try listed.check("cannot apply the sparse patterns of \(gitDirectory)")
        let records = listed.output.split(separator: 0)
        guard records.count == listing.fileCount else { throw GitError(.other, "git ls-files answered something unexpected") }
        var left: Set<Int> = []
        for (record, entry) in zip(records, listing.fileOrder) where record.first == UInt8(ascii: "S") { left.insert(Int(entry)) }
        return left
    }
}
