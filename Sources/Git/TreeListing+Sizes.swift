internal import CGit2
internal import Syscalls

extension TreeListing {
    /// The size in bytes of each entry's blob; zero for directories and submodules. In a partial clone the blobs that are
    /// missing are fetched first, all at once.
    ///
    /// - Parameter trustingIndex: take sizes from the clone's own index where path and object match. Only where no conversion
    ///   applies to the tree: the index holds the size of the file on disk.
    /// - Throws: objectMissing; programFailed when promised blobs cannot be had.
    package func sizes(_ repository: Repository, trustingIndex: Bool) throws(GitError) -> [UInt64] {
        var sizes = [UInt64](repeating: 0, count: entries.count)
        let known = trustingIndex ? fillFromIndex(repository, &sizes) : []
        let open = fileOrder.filter { !entries[Int($0)].isGitlink && (known.isEmpty || !known[Int($0)]) }
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

    /// Merges with the clone's index, which has the same order (git_repository_index). Returns which entries are known.
    /// An index that libgit2 cannot read (sparse, split) knows nothing.
    private func fillFromIndex(_ repository: Repository, _ sizes: inout [UInt64]) -> [Bool] {
        var known = [Bool](repeating: false, count: entries.count)
        var index: OpaquePointer?
        guard unsafe git_repository_index(&index, repository.pointer) >= 0, let index = unsafe index else { return known }
        defer { unsafe git_index_free(index) }
        let count = unsafe git_index_entrycount(index)
        var at = 0
        forEachFile { _, i, path in
            while at < count, let entry = unsafe git_index_get_byindex(index, at), let name = unsafe entry.pointee.path {
                let order = unsafe path.withUnsafeBytes { p in unsafe compare(name, p) }
                if order > 0 { return }
                at += 1
                if order < 0 { continue }
                let size = unsafe entry.pointee.file_size
                // Near 4 GiB the recorded low 32 bits could be of a larger file.
                if size > 0, size < UInt32.max, unsafe entry.pointee.flags & 0x3000 == 0, unsafe ObjectID(entry.pointee.id) == entries[i].oid {
                    sizes[i] = UInt64(size)
                    known[i] = true
                }
                return
            }
        }
        return known
    }
}

/// Compares a C string with bytes, as memcmp(3) and then by length.
@unsafe private func compare(_ text: UnsafePointer<CChar>, _ bytes: UnsafeRawBufferPointer) -> Int {
    var i = 0
    while i < bytes.count {
        let a = unsafe UInt8(bitPattern: text[i]), b = unsafe bytes[i]
        if a != b { return a < b ? -1 : 1 }
        i += 1
    }
    return unsafe text[i] == 0 ? 0 : 1
}
