internal import CLinux
internal import Glibc

/// What concerns this process as a whole.
package enum CurrentProcess {
    package static var id: Int32 { getpid() }
    package static var userID: UInt32 { geteuid() }
    package static var groupID: UInt32 { getegid() }
    package static var umask: UInt32 { rwv_current_umask() }
    package static func setUmask(_ mask: UInt32) { _ = rwv_umask(mask) }
    /// Gives this thread a umask of its own, which threads that it starts share (unshare(2) with CLONE_FS; no right is needed).
    package static func setThreadUmask(_ mask: UInt32) throws(Errno) { _ = try check(rwv_own_umask(mask)) }

    /// The environment of the client that this thread works for; nil: our own.
    @TaskLocal private static var clientsEnvironment: [String]?

    /// Whether this thread works for a client with an environment of its own.
    package static var hasClientsEnvironment: Bool { clientsEnvironment != nil }

    /// Runs `body` with another environment, `NAME=value` for each variable, for what asks for one here, on this thread and those of ``Thread/map(_:width:_:)``.
    /// getenv(3) in C and posix_spawnp(3) do not see it. Nil changes nothing.
    package static func withEnvironment<R, E: Error>(_ all: [String]?, _ body: () throws(E) -> R) throws(E) -> R {
        guard let all else { return try body() }
        return try $clientsEnvironment.withValue(all) { Result(catching: body) }.get()
    }

    /// This thread's environment, as something for another thread's ``withEnvironment(_:_:)``.
    static var environmentToPassOn: [String]? { clientsEnvironment }

    /// getenv(3); nil when unset. Called from Commands, and for the PATH that programs are looked for in.
    package static func environment(_ name: String) -> String? {
        if let all = clientsEnvironment { return all.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) } }
        guard let p = unsafe rwv_getenv(name) else { return nil }
        return unsafe String(cString: p)
    }

    /// All variables, as `NAME=value`.
    package static var environment: [String] {
        if let all = clientsEnvironment { return all }
        var all: [String] = []
        while let entry = unsafe rwv_environment(all.count) { all.append(unsafe String(cString: entry)) }
        return all
    }

    /// The running program, as something to start again: right even when its file has been replaced meanwhile (proc(5)).
    package static let executable = "/proc/self/exe"

    /// Takes on the identity of a user for good: groups, group, user (initgroups(3), setresgid(2), setresuid(2)).
    /// HOME and the XDG directories follow, unless they are that user's already: the main thread calls this before it starts others.
    /// Root only. `gid` is used when the user is not in the password file.
    package static func become(uid: UInt32, gid: UInt32) throws(Errno) {
        var name = [CChar](repeating: 0, count: 256)
        var group: UInt32 = gid
        let known = unsafe rwv_owner_name(uid, &name, name.count, &group) == 0
        _ = try check(known ? unsafe rwv_become(uid, group, name) : rwv_become(uid, gid, nil))
    }

    /// exit(3).
    package static func exit(_ status: Int32) -> Never { Glibc.exit(status) }
    /// Ends at once, without flushing or unwinding (_exit(2)).
    package static func exitNow(_ status: Int32) -> Never { _exit(status) }

    package static func ignoreBrokenPipe() { _ = rwv_ignore_sigpipe() }
    /// Leaves the terminal's session and working directory (setsid(2), chdir(2)).
    package static func detach() throws(Errno) { _ = try check(rwv_daemonize()) }
    /// Raises the soft limit of open files to the hard one; returns it.
    package static func raiseDescriptorLimit() -> Int { Int(max(256, rwv_raise_descriptor_limit())) }
    /// The signal the kernel sends us when our parent dies (PR_SET_PDEATHSIG).
    package static func signalOnParentDeath(_ signal: Int32) { _ = rwv_parent_death_signal(signal) }
    package static var parentID: Int32 { getppid() }
    package static var processorCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}

package enum Signals {
    package static let terminate = SIGTERM
    package static let interrupt = SIGINT
    package static let hangup = SIGHUP
    package static let kill = SIGKILL
    package static let child = SIGCHLD

    /// Blocks signals in this thread and those it starts, to be read with ``descriptor(for:)``.
    package static func block(_ signals: [Int32]) { _ = unsafe rwv_block_signals(signals, Int32(signals.count)) }
    /// signalfd(2).
    package static func descriptor(for signals: [Int32]) throws(Errno) -> FileDescriptor {
        FileDescriptor(raw: try check(unsafe rwv_signalfd(signals, Int32(signals.count))))
    }
    /// The next signal's number; blocks.
    package static func next(_ descriptor: FileDescriptor) throws(Errno) -> Int32 { try check(rwv_signalfd_read(descriptor.raw)) }
}

/// Random bytes as a hexadecimal text of `2 * count` digits (getrandom(2)).
package func randomHex(_ count: Int) -> String {
    hexadecimal((0..<count).map { _ in UInt8.random(in: 0 ... 255) })
}

/// Lower-case hexadecimal.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for b in bytes {
        text.append(digits[Int(b >> 4)])
        text.append(digits[Int(b & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
