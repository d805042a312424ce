/// The modes that git gives to the entries of a tree, in their one canonical form.
package enum FileMode {
    package static let directory: UInt32 = 0o040000
    package static let regular: UInt32 = 0o100644
    package static let executable: UInt32 = 0o100755
    package static let symlink: UInt32 = 0o120000
    /// A submodule: the object is a commit of another repository. Checked out as an empty directory.
    package static let gitlink: UInt32 = 0o160000

    /// What git makes of a mode found in a tree (canon_mode in git's cache.h): old trees hold 100664 and the like.
    @inline(__always)
    static func canonical(_ raw: UInt32) -> UInt32 {
        switch raw & 0o170000 {
        case 0o100000: raw & 0o100 != 0 ? executable : regular
        case 0o120000: symlink
        case 0o040000: directory
        default: gitlink
        }
    }
}
