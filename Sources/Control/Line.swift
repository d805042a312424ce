internal import JSONCoding
package import Syscalls

/// JSON values on a stream socket, one a line.
enum Line {
    static func send(_ value: some Encodable, to socket: FileDescriptor) throws(Errno) {
        guard let data = try? JSONEncoder().encode(value) else { throw .invalid }
        try socket.writeAll(data + [UInt8(ascii: "\n")])
    }

    /// Reads to the end of the line. Nil at the end of the stream. - Throws: EINVAL when it is not what was expected; EFBIG past 64 MiB.
    static func receive<T: Decodable>(_ type: T.Type, from socket: FileDescriptor) throws(Errno) -> T? {
        var bytes: [UInt8] = []
        while bytes.last != UInt8(ascii: "\n") {
            let some = try socket.readSome()
            if some.isEmpty { return nil }
            bytes += some
            if bytes.count > 64 << 20 { throw .fileTooLarge }
        }
        guard let value = try? JSONDecoder().decode(type, from: bytes) else { throw .invalid }
        return value
    }
}

/// JSON values as messages of a ``PacketSocket``, each with at most one descriptor.
package enum Packet {
    package static func send(_ value: some Encodable, passing: FileDescriptor? = nil, to socket: FileDescriptor) throws(Errno) {
        guard let data = try? JSONEncoder().encode(value) else { throw .invalid }
        try PacketSocket.send(data, passing: passing, to: socket)
    }

    /// Nil when the other end is closed. - Throws: EINVAL when it is not what was expected.
    package static func receive<T: Decodable>(_ type: T.Type, from socket: FileDescriptor) throws(Errno) -> (value: T, passed: FileDescriptor?)? {
        guard let (bytes, passed) = try PacketSocket.receive(from: socket) else { return nil }
        guard let value = try? JSONDecoder().decode(type, from: bytes) else {
            passed?.close()
            throw .invalid
        }
        return (value, passed)
    }
}

/// The socket of a weave. Its path is reached through the directory's descriptor, so that no weave lies too deep for it (sockaddr_un holds 107 bytes).
package enum ControlSocket {
    package static let name = "control.sock"

    package static func listen(in run: String) throws(Errno) -> FileDescriptor {
        let directory = OwnedDescriptor(try Files.open(run, OpenFlags.directory))
        do throws(Errno) { try Files.unlink(run + "/" + name) } catch where error == .notFound {}
        return try Socket.listen("/proc/self/fd/\(directory.descriptor.raw)/\(name)", backlog: 512)
    }

    package static func connect(in run: String) throws(Errno) -> FileDescriptor {
        let directory = OwnedDescriptor(try Files.open(run, OpenFlags.path | OpenFlags.directory))
        return try Socket.connect("/proc/self/fd/\(directory.descriptor.raw)/\(name)")
    }
}
