internal import Control
internal import Syscalls
internal import Weave

/// The server's end of the channel to its keeper. Any thread; questions are asked one after the other.
final class KeeperChannel: Sendable {
    private let socket: FileDescriptor
    /// A leaf; held while the keeper works, which needs nothing of the server but answers to the kernel's requests.
    private let lock = Lock()

    init(_ socket: FileDescriptor) { self.socket = socket }

    /// The mounts that were there before this server, each with its descriptor. Called once, before anything else.
    func inheritance() throws(WeaveError) -> [(mount: KeptMount, descriptor: FileDescriptor)] {
        var all: [(mount: KeptMount, descriptor: FileDescriptor)] = []
        while true {
            let (answer, passed) = try receive()
            guard case .kept(let mount) = answer, let passed else { return all }
            all.append((mount, passed))
        }
    }

    func tell(_ call: KeeperCall) { lock.withLock { try? Packet.send(call, to: socket) } }

    /// Mounts through the keeper. - Throws: why it could not.
    func mount(_ request: MountRequest) throws(WeaveError) -> (mount: KeptMount, descriptor: FileDescriptor) {
        let (answer, passed) = try ask(.mount(request))
        guard case .kept(let mount) = answer, let passed else { throw WeaveError(.failed, "the keeper did not mount \(request.path)") }
        return (mount, passed)
    }

    /// - Throws: `.busy` when it is in use (and not `lazy`).
    func unmount(_ id: String, lazy: Bool) throws(WeaveError) { _ = try ask(.unmount(id: id, lazy: lazy)) }

    private func ask(_ call: KeeperCall) throws(WeaveError) -> (KeeperAnswer, FileDescriptor?) {
        try lock.withLock { () throws(WeaveError) in
            try system("ask the keeper") { () throws(Errno) in try Packet.send(call, to: socket) }
            return try receive()
        }
    }

    private func receive() throws(WeaveError) -> (KeeperAnswer, FileDescriptor?) {
        guard let said = try system("hear the keeper", { () throws(Errno) in try Packet.receive(KeeperAnswer.self, from: socket) }) else {
            throw WeaveError(.failed, "the keeper is gone", hint: "run 'rwv up'")
        }
        if case .failed(let error) = said.value { throw error }
        return (said.value, said.passed)
    }
}
