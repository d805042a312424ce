internal import CLinux

/// Unix stream sockets (unix(7)).
package enum Socket {
    /// Binds and listens, mode 0600 from the first moment. EADDRINUSE when the path exists; ENAMETOOLONG past 107 bytes.
    package static func listen(_ path: String, backlog: Int32 = 128) throws(Errno) -> FileDescriptor {
        FileDescriptor(raw: try check(unsafe rwv_listen_unix(path, backlog)))
    }
    /// ENOENT: no such path; ECONNREFUSED: nobody listens.
    package static func connect(_ path: String) throws(Errno) -> FileDescriptor {
        FileDescriptor(raw: try check(unsafe rwv_connect_unix(path)))
    }
    package static func accept(_ listener: FileDescriptor) throws(Errno) -> FileDescriptor {
        FileDescriptor(raw: try check(rwv_accept(listener.raw)))
    }
    /// One message to a datagram socket: a path, or a name behind `@` in the abstract namespace.
    package static func sendDatagram(_ bytes: [UInt8], to address: String) throws(Errno) {
        try unsafe withBytes(bytes) { p throws(Errno) in _ = try check(unsafe rwv_send_datagram(address, p.baseAddress, p.count)) }
    }
    /// The user and process at the other end (SO_PEERCRED).
    package static func peer(_ socket: FileDescriptor) throws(Errno) -> (uid: UInt32, pid: Int32) {
        var uid: UInt32 = 0
        var pid: Int32 = 0
        _ = try check(unsafe rwv_peer_uid(socket.raw, &uid, &pid))
        return (uid, pid)
    }
}

/// A pair of connected sockets whose messages keep their bounds and may bring a descriptor along (unix(7), SOCK_SEQPACKET, SCM_RIGHTS).
package enum PacketSocket {
    /// The longest message, in bytes.
    private static let limit = 65536

    package static func pair() throws(Errno) -> (FileDescriptor, FileDescriptor) {
        var ends: [Int32] = [0, 0]
        _ = try check(unsafe rwv_packet_pair(&ends))
        return (FileDescriptor(raw: ends[0]), FileDescriptor(raw: ends[1]))
    }

    /// Sends one message; the receiver gets a descriptor of its own for the open file `passing`. - Throws: EPIPE; EMSGSIZE.
    package static func send(_ bytes: [UInt8], passing: FileDescriptor? = nil, to socket: FileDescriptor) throws(Errno) {
        try unsafe withBytes(bytes) { p throws(Errno) in
            _ = try check(unsafe rwv_send_packet(socket.raw, p.baseAddress, p.count, passing?.raw ?? -1))
        }
    }

    /// Waits for one message; nil when the other end is closed. Whoever asks for the descriptor closes it.
    package static func receive(from socket: FileDescriptor) throws(Errno) -> (bytes: [UInt8], passed: FileDescriptor?)? {
        var failure: Errno?
        var passed: Int32 = -1
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { p, n in
            let r = unsafe rwv_receive_packet(socket.raw, p.baseAddress, limit, &passed)
            if r < 0 { failure = Errno(rawValue: Int32(-r)) } else { n = Int(r) }
        }
        let file = passed >= 0 ? FileDescriptor(raw: passed) : nil
        if let failure {
            file?.close()
            throw failure
        }
        return bytes.isEmpty ? nil : (bytes, file)
    }
}

/// An epoll(7) instance for several threads.
package struct Poller: Sendable {
    private let descriptor: FileDescriptor
    package init() throws(Errno) { descriptor = FileDescriptor(raw: try check(rwv_epoll_create())) }

    /// Watches for input. `edge`: each arrival wakes one waiter once, who must read until EAGAIN; else every waiter sees it while it lasts.
    package func add(_ file: FileDescriptor, tag: UInt64, edge: Bool) throws(Errno) {
        _ = try check(edge ? rwv_epoll_add_edge(descriptor.raw, file.raw, tag) : rwv_epoll_add_level(descriptor.raw, file.raw, tag))
    }
    package func remove(_ file: FileDescriptor) { _ = rwv_epoll_del(descriptor.raw, file.raw) }
    /// Blocks until something arrives and returns its tag; nil when `milliseconds` ran out (-1: never).
    package func wait(milliseconds: Int32 = -1) throws(Errno) -> UInt64? {
        var tag: UInt64 = 0
        return try check(unsafe rwv_epoll_wait(descriptor.raw, &tag, milliseconds)) == 1 ? tag : nil
    }
}

/// An eventfd(2): a level that stays up once raised, until it is lowered.
package struct Event: Sendable {
    package let descriptor: FileDescriptor
    package init() throws(Errno) { descriptor = FileDescriptor(raw: try check(rwv_eventfd())) }
    package func raise() { _ = rwv_eventfd_signal(descriptor.raw) }
    /// Of one that is raised; blocks otherwise.
    package func lower() { _ = try? descriptor.readSome(8) }
}
