internal import Git
internal import Layers
internal import Syscalls
internal import Weave

/// The blob caches of a weave, one per clone, made when first needed and shared by all workweaves.
final class CloneBlobs: Sendable {
    private let weave: Weave
    private let caches = Locked<[String: BlobCache]>([:])

    init(_ weave: Weave) { self.weave = weave }

    func cache(forRepo path: String) throws(WeaveError) -> BlobCache {
        if let known = caches.withLock({ $0[path] }) { return known }
        let pool = RepositoryPool(weave.root + "/" + path)
        let file = weave.blobs + "/" + CheckoutSettings.fingerprint(Array(path.utf8))
        let made = try system("open the blob cache \(file)") { () throws(Errno) in
            try Files.makeDirectories(weave.blobs)
            return try BlobCache(path: file, load: { id throws(Errno) in try pool.blob(id) }, loadFile: { id, path throws(Errno) in try pool.write(id, to: path) })
        }
        return caches.withLock { table in
            if let known = table[path] { return known }
            table[path] = made
            return made
        }
    }
}

/// Open repositories of one clone, handed to one thread at a time.
final class RepositoryPool: Sendable {
    private let path: String
    private let idle = Locked<[Repository]>([])

    init(_ path: String) { self.path = path }

    /// Reads a blob; one that a partial clone lacks is fetched by git. - Throws: EIO when it cannot be had.
    func blob(_ id: ObjectID) throws(Errno) -> [UInt8] {
        let repository: Repository
        do throws(GitError) {
            if let known = idle.withLock({ $0.popLast() }) { repository = known } else { repository = try Repository(opening: path) }
        } catch { throw .io }
        defer { idle.withLock { if $0.count < 8 { $0.append(repository) } } }
        do throws(GitError) { return try repository.objects.readBlob(id) } catch {
            guard error.code == .objectMissing else { throw .io }
        }
        do throws(GitError) {
            try repository.fetchPromised([id])
            return try repository.objects.readBlob(id)
        } catch { throw .io }
    }

    /// Has git write a blob to a new file.
    func write(_ id: ObjectID, to file: String) throws(Errno) {
        do throws(GitError) {
            try GitProgram.catFile(id, gitDirectory: Repository.commonDirectory(ofClone: path) ?? path + "/.git", to: file)
        } catch { throw error.description.contains("\(Errno.noSpace)") ? .noSpace : .io }
    }
}
