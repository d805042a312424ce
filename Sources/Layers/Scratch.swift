package import Syscalls

/// What a thread needs to work on an overlay without allocating. One per worker thread; made anew elsewhere.
package final class Scratch {
    let path = PathBuffer()
    let other = PathBuffer()
    let third = PathBuffer()
    let directory = DirectoryBuffer()
    let value = AttributeBuffer()
    /// For the look-ups made while this one lists a directory.
    private(set) lazy var inner = Scratch()
    package init() {}
}

/// What a look-up found: the node, its generation and its attributes (whose `ino` is the node id).
package struct Found {
    package let id: NodeID
    package let generation: UInt64
    package let status: FileStatus
}
