internal import CGit2

extension Repository {
    /// The content of the file at a path of a tree; nil when there is none. Empty for what is no file (a link, a submodule, a directory) and for
    /// a blob that is not here.
    /// - Throws: objectMissing, damaged for the trees on the way.
    package func content(of path: String, in tree: ObjectID) throws(GitError) -> [UInt8]? {
        guard let (mode, id) = try entry(path, in: tree) else { return nil }
        return mode == FileMode.regular || mode == FileMode.executable ? (try? objects.readBlob(id)) ?? [] : []
    }

    /// Mode (``FileMode``) and object of what stands at a path of a tree (git_tree_entry_bypath); nil when there is nothing.
    /// - Throws: as ``content(of:in:)``.
    package func entry(_ path: String, in tree: ObjectID) throws(GitError) -> (mode: UInt32, id: ObjectID)? {
        if tree == .emptyTree { return nil }
        var root: OpaquePointer?
        var id = tree.oid
        try git(unsafe git_tree_lookup(&root, pointer, &id), "cannot read the tree \(tree.short)")
        defer { unsafe git_tree_free(root) }
        var entry: OpaquePointer?
        let result = unsafe git_tree_entry_bypath(&entry, root, path)
        guard result >= 0, let entry = unsafe entry else { return nil }
        defer { unsafe git_tree_entry_free(entry) }
        guard let id = unsafe git_tree_entry_id(entry) else { return nil }
        return (unsafe git_tree_entry_filemode(entry).rawValue, unsafe ObjectID(id.pointee))
    }
}
