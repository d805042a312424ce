package import Syscalls
internal import Weave

/// The server's end: accepts, checks who asks, decodes, has it served, answers. One thread per connection, one call per connection.
package struct Harness: Sendable {
    private let version: String
    private let service: CallService
    private let afterAnswer: @Sendable (Call, Answer, Bool) -> Void

    /// - Parameters:
    ///   - service: carries out a call; runs on a thread of its own.
    ///   - afterAnswer: called when the answer is out, and told whether the client took it.
    package init(version: String, service: @escaping CallService, afterAnswer: @escaping @Sendable (Call, Answer, Bool) -> Void) {
        self.version = version
        self.service = service
        self.afterAnswer = afterAnswer
    }

    /// Serves connections until the listener is closed.
    package func run(_ listener: FileDescriptor) {
        while true {
            let socket: FileDescriptor
            do throws(Errno) { socket = try Socket.accept(listener) } catch {
                if error == .badDescriptor || error == .invalid { return }
                continue
            }
            do throws(Errno) {
                try Thread.start(stack: 1 << 22) { [self] in
                    serve(socket)
                    socket.close()
                }
            } catch { socket.close() }
        }
    }

    private func serve(_ socket: FileDescriptor) {
        guard let peer = try? Socket.peer(socket), peer.uid == CurrentProcess.userID || peer.uid == 0 else { return }
        guard let envelope = try? Line.receive(Envelope.self, from: socket) else {
            return send(.failed(mismatch("?")), socket)
        }
        if case .hello = envelope.call { return send(.hello(version: version, pid: CurrentProcess.id), socket) }
        guard envelope.protocolNumber == Envelope.currentProtocol else { return send(.failed(mismatch(envelope.version)), socket) }
        let answer: Answer
        do throws(WeaveError) {
            answer = try CurrentProcess.withEnvironment(envelope.environment) { () throws(WeaveError) in try service(envelope.call) }
        } catch { answer = .failed(error) }
        var taken = true
        do throws(Errno) { try Line.send(answer, to: socket) } catch { taken = false }
        afterAnswer(envelope.call, answer, taken)
    }

    private func send(_ answer: Answer, _ socket: FileDescriptor) { try? Line.send(answer, to: socket) }

    private func mismatch(_ theirs: String) -> WeaveError {
        WeaveError(.version, "the weave is served by rwv \(version), this is rwv \(theirs)",
                   hint: "run 'rwv down' and 'rwv up' with one and the same program")
    }
}
