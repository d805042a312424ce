internal import CGit2

/// The objects of a repository. One thread at a time, as the repository.
@safe package final class ObjectDatabase {
    private let place: String
    private let pointer: OpaquePointer

    package enum ObjectType: Sendable, Hashable { case commit, tree, blob, tag }

    package init(_ repository: Repository) throws(GitError) {
        place = repository.commonDirectory
        var opened: OpaquePointer?
        try git(unsafe git_repository_odb(&opened, repository.pointer), "cannot open the objects of \(repository.commonDirectory)")
        guard let opened = unsafe opened else { throw GitError(.other, "cannot open the objects of \(repository.commonDirectory)") }
        unsafe pointer = opened
    }

    deinit { unsafe git_odb_free(pointer) }

    /// The content of an object, valid during the call (git_odb_read). The whole object is in memory.
    /// - Throws: objectMissing; damaged when it is of another type.
    package func withObject<R>(_ id: ObjectID, type: ObjectType, _ body: (UnsafeRawBufferPointer) -> R) throws(GitError) -> R {
        var object: OpaquePointer?
        var oid = id.oid
        try git(unsafe git_odb_read(&object, pointer, &oid), "cannot read the object \(id.hex) of \(place)")
        defer { unsafe git_odb_object_free(object) }
        guard let object = unsafe object, unsafe Self.type(git_odb_object_type(object)) == type else {
            throw GitError(.damaged, "the object \(id.hex) of \(place) is not a \(type)")
        }
        return unsafe body(UnsafeRawBufferPointer(start: git_odb_object_data(object), count: git_odb_object_size(object)))
    }

    /// Size in bytes and type, without reading the content (git_odb_read_header).
    /// - Throws: objectMissing.
    package func header(_ id: ObjectID) throws(GitError) -> (size: UInt64, type: ObjectType?) {
        var size = 0
        var type = GIT_OBJECT_ANY
        var oid = id.oid
        try git(unsafe git_odb_read_header(&size, &type, pointer, &oid), "cannot read the object \(id.hex) of \(place)")
        return (UInt64(size), Self.type(type))
    }

    /// Whether the object is here. Does not look for new packs, so absence is cheap but may be stale: see ``refresh()``.
    package func has(_ id: ObjectID) -> Bool {
        var oid = id.oid
        return unsafe git_odb_exists_ext(pointer, &oid, UInt32(GIT_ODB_LOOKUP_NO_REFRESH.rawValue)) == 1
    }

    /// Looks for packs that others have added (git_odb_refresh).
    package func refresh() throws(GitError) {
        try git(unsafe git_odb_refresh(pointer), "cannot read the packs of \(place)")
    }

    private static func type(_ raw: git_object_t) -> ObjectType? {
        switch raw {
        case GIT_OBJECT_COMMIT: .commit
        case GIT_OBJECT_TREE: .tree
        case GIT_OBJECT_BLOB: .blob
        case GIT_OBJECT_TAG: .tag
        default: nil
        }
    }
}

/// Content-named hashing with the library's SHA-1 (git_odb_hash): the id that `bytes` would have as a blob.
package func blobID(of bytes: [UInt8]) -> ObjectID {
    guard Library.ready else { return .zero }
    var oid = git_oid()
    _ = unsafe bytes.withUnsafeBytes { p in unsafe git_odb_hash(&oid, p.baseAddress, p.count, GIT_OBJECT_BLOB) }
    return ObjectID(oid)
}
