package import Syscalls

/// Whole contents of entries, for copies and comparisons.
extension LowerTree {
    /// Copies the first `size` bytes of a file to the start of `file`. - Throws: EIO when git cannot give the object; ENOSPC.
    package func copyContent(_ e: LowerEntry, to file: FileDescriptor, size: Int64) throws(Errno) {
        try unsafe forEachPart(e, size) { offset, part throws(Errno) in
            try unsafe file.write(at: offset, part)
            return true
        }
    }

    /// Whether a file of the same size holds the same bytes.
    func hasContent(_ e: LowerEntry, of file: FileDescriptor) throws(Errno) -> Bool {
        let size = Int64(self.size(e))
        let other = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(min(max(size, 1), 1 << 20)), alignment: 4096)
        defer { unsafe other.deallocate() }
        var isSame = true
        try unsafe forEachPart(e, size) { offset, part throws(Errno) in
            let n = try unsafe file.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: other[..<part.count]))
            isSame = unsafe n == part.count && part.elementsEqual(other[..<n])
            return isSame
        }
        return isSame
    }

    /// Hands `body` the first `size` bytes, a piece at a time, until it returns false.
    private func forEachPart(_ e: LowerEntry, _ size: Int64, _ body: (_ offset: Int64, UnsafeRawBufferPointer) throws(Errno) -> Bool) throws(Errno) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(min(max(size, 1), 1 << 20)), alignment: 4096)
        defer { unsafe buffer.deallocate() }
        var offset: Int64 = 0
        while offset < size {
            let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(min(Int64(buffer.count), size - offset))])
            let n = try read(e, at: offset, into: part)
            guard n > 0 else { throw .io }
            guard try unsafe body(offset, UnsafeRawBufferPointer(rebasing: part[..<n])) else { return }
            offset += Int64(n)
        }
    }
}
