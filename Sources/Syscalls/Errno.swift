internal import CLinux
internal import Glibc

/// A C error number, as the kernel and libc return it (errno(3)).
package struct Errno: Error, RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }

    /// The C library's text for the number (strerror_r(3)), such as "No such file or directory".
    package var description: String {
        var buffer = [CChar](repeating: 0, count: 256)
        return unsafe buffer.withUnsafeMutableBufferPointer { p in
            guard let base = p.baseAddress else { return "" }
            unsafe rwv_strerror(rawValue, base, p.count)
            return unsafe String(cString: base)
        }
    }
}

extension Errno {
    package static let permission = Errno(rawValue: EPERM)
    package static let notFound = Errno(rawValue: ENOENT)
    package static let interrupted = Errno(rawValue: EINTR)
    package static let io = Errno(rawValue: EIO)
    package static let again = Errno(rawValue: EAGAIN)
    package static let accessDenied = Errno(rawValue: EACCES)
    package static let busy = Errno(rawValue: EBUSY)
    package static let exists = Errno(rawValue: EEXIST)
    package static let crossDevice = Errno(rawValue: EXDEV)
    package static let noDevice = Errno(rawValue: ENODEV)
    package static let notDirectory = Errno(rawValue: ENOTDIR)
    package static let isDirectory = Errno(rawValue: EISDIR)
    package static let invalid = Errno(rawValue: EINVAL)
    package static let noSpace = Errno(rawValue: ENOSPC)
    package static let readOnly = Errno(rawValue: EROFS)
    package static let tooManyLinks = Errno(rawValue: EMLINK)
    package static let linkLoop = Errno(rawValue: ELOOP)
    package static let brokenPipe = Errno(rawValue: EPIPE)
    package static let range = Errno(rawValue: ERANGE)
    package static let nameTooLong = Errno(rawValue: ENAMETOOLONG)
    package static let notImplemented = Errno(rawValue: ENOSYS)
    package static let notEmpty = Errno(rawValue: ENOTEMPTY)
    package static let noData = Errno(rawValue: ENODATA)
    package static let stale = Errno(rawValue: ESTALE)
    package static let notSupported = Errno(rawValue: EOPNOTSUPP)
    package static let notConnected = Errno(rawValue: ENOTCONN)
    package static let connectionRefused = Errno(rawValue: ECONNREFUSED)
    package static let timedOut = Errno(rawValue: ETIMEDOUT)
    package static let noMemory = Errno(rawValue: ENOMEM)
    package static let fileTooLarge = Errno(rawValue: EFBIG)
    package static let noEntryInRange = Errno(rawValue: ENXIO)
    package static let noProcess = Errno(rawValue: ESRCH)
    package static let noTTY = Errno(rawValue: ENOTTY)
    package static let badDescriptor = Errno(rawValue: EBADF)
}

/// Turns the CLinux convention (value, or negated errno) into a throw.
/// EBADF is a bug of ours, never a fact of the outside, and traps in debug builds.
package func check(_ result: Int32) throws(Errno) -> Int32 {
    if result >= 0 { return result }
    assert(result != -9, "a descriptor was used after it was closed")
    throw Errno(rawValue: -result)
}

package func check(_ result: Int64) throws(Errno) -> Int {
    if result >= 0 { return Int(result) }
    throw Errno(rawValue: Int32(-result))
}
