internal import Syscalls

extension TreeListing {
    /// The size in bytes of each entry's blob; zero for directories and submodules. In a partial clone the blobs that are
    /// missing are fetched first, all at once. Asked of the objects: the clone's index knows the sizes of files on its disk, modulo 2^32, which
    /// are others wherever git converted them on their way in.
    ///
    /// - Throws: objectMissing; programFailed when promised blobs cannot be had.
    package func sizes(_ repository: Repository) throws(GitError) -> [UInt64] {
        var sizes = [UInt64](repeating: 0, count: entries.count)
        let open = fileOrder.filter { !entries[Int($0)].isGitlink }
        var missing = try fill(&sizes, open, repository)
        if missing.isEmpty { return sizes }
        var wanted: [ObjectID] = [], seen: Set<ObjectID> = []
        for i in missing where seen.insert(entries[Int(i)].oid).inserted { wanted.append(entries[Int(i)].oid) }
        try repository.fetchPromised(wanted)
        missing = try fill(&sizes, missing, repository)
        if let first = missing.first {
            throw GitError(.objectMissing, "the object \(entries[Int(first)].oid.hex) (\(text(Int(first)))) of \(repository.commonDirectory) is missing")
        }
        return sizes
    }

    /// Reads object headers on two threads. Returns the entries whose objects are not there.
    private func fill(_ sizes: inout [UInt64], _ indices: [UInt32], _ repository: Repository) throws(GitError) -> [UInt32] {
        let path = repository.commonDirectory
        // A miss makes libgit2 look for new packs; where many may be missing, ask first.
        let careful = repository.isPartialClone
        let middle = indices.count / 2
        let halves = indices.count > 2000 ? [indices[..<middle], indices[middle...]] : [indices[...]]
        let listed = entries
        let results = Thread.map(halves, width: 2) { part -> Result<(sizes: [UInt64], missing: [UInt32]), GitError> in
            do throws(GitError) { return .success(try Self.read(part, listed, path, careful)) } catch { return .failure(error) }
        }
        var missing: [UInt32] = []
        for (part, result) in zip(halves, results) {
            let (read, absent) = try result.get()
            for (i, size) in zip(part, read) { sizes[Int(i)] = size }
            missing += absent
        }
        return missing
    }

    private static func read(_ part: ArraySlice<UInt32>, _ entries: [Entry], _ path: String, _ careful: Bool) throws(GitError)
        -> (sizes: [UInt64], missing: [UInt32]) {
        let objects = try Repository(openingGitDirectory: path).objects
        var sizes: [UInt64] = [], missing: [UInt32] = []
        sizes.reserveCapacity(part.count)
        for i in part {
            let entry = entries[Int(i)]
            if careful, !objects.has(entry.oid) { missing.append(i); sizes.append(0); continue }
            do throws(GitError) {
                let (size, type) = try objects.header(entry.oid)
                guard type == .blob else { throw GitError(.damaged, "the object \(entry.oid.hex) is not a blob", hint: "git fsck") }
                sizes.append(size)
            } catch {
                guard error.code == .objectMissing else { throw error }
                missing.append(i)
                sizes.append(0)
            }
        }
        return (sizes, missing)
    }
}
