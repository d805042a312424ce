internal import Syscalls
package import Weave

/// Talks to a weave's server, and starts it when there is none.
package struct Client: Sendable {
    private let weave: Weave
    private let version: String
    /// How to start a keeper: it must return once the server answers. - Throws: why it could not.
    package typealias Starter = @Sendable (Weave) throws(WeaveError) -> Void
    private let start: Starter

    package init(_ weave: Weave, version: String, start: @escaping Starter) {
        self.weave = weave
        self.version = version
        self.start = start
    }

    /// Whether a server answers, without starting one. A server whose keeper is dead is about to die, and does not count.
    package var isServed: Bool {
        guard let socket = try? ControlSocket.connect(in: weave.run) else { return false }
        socket.close()
        let file: FileDescriptor
        // On a broken disk nothing can be opened, and who answers is there all the same.
        do throws(Errno) { file = try Files.open(weave.run + "/lock") } catch { return error != .notFound }
        defer { file.close() }
        // Shared, so that two who ask at once do not take each other for a keeper.
        guard let isFree = try? file.lock(exclusive: false, wait: false) else { return true }
        if isFree { return false }
        guard let keeper = weave.keeperID, ProcessFiles.isDying(keeper) else { return true }
        // It holds the lock until it is gone.
        _ = try? file.lock(exclusive: false)
        return false
    }

    /// The keeper that is there, where its pid file may be out of reach: it made the socket. Nil when there is none.
    package var keeper: Int32? {
        guard let socket = try? ControlSocket.connect(in: weave.run) else { return nil }
        defer { socket.close() }
        return (try? Socket.peer(socket))?.pid
    }

    /// Starts keeper and server unless they run. Several clients at once start one pair.
    /// - Throws: `.noServer` within `rwv exec --fast`, whose mounts and rights a server could do nothing with.
    package func ensureServer() throws(WeaveError) {
        if isServed { return }
        if let name = try weave.stateNames().first(where: weave.isInside) {
            throw WeaveError(.noServer, "no server runs for \(weave.root), and none can be started from inside '\(name)'", hint: "run 'rwv up' in another terminal")
        }
        // A second one would take the mounts of the first away, which then removes the second one's files.
        if !Files.exists(weave.run + "/lock"), let there = weave.ownMount(at: weave.workweaves), !there.isDead {
            throw WeaveError(.noServer, "\(weave.root) is served, but its server cannot be reached: \(weave.run) was emptied", hint: "'rwv doctor' says which process to end")
        }
        try weave.prepareState()
        let lock = try system("open \(weave.run)/start.lock") { () throws(Errno) in
            OwnedDescriptor(try Files.open(weave.run + "/start.lock", OpenFlags.readWrite | OpenFlags.create, mode: 0o600))
        }
        _ = try system("lock \(weave.run)/start.lock") { () throws(Errno) in try lock.descriptor.lock() }
        if isServed { return }
        try start(weave)
    }

    /// Asks, starting a server first if `starting`. - Throws: the server's error; `.noServer` when there is none; `.version` when it is another program's;
    /// `.stopped` when a signal has stopped it.
    package func ask(_ call: Call, starting: Bool = true) throws(WeaveError) -> Answer {
        if starting { try ensureServer() }
        let socket: FileDescriptor
        do throws(Errno) { socket = try ControlSocket.connect(in: weave.run) } catch {
            throw WeaveError(.noServer, "no server runs for \(weave.root)", hint: "run 'rwv up'")
        }
        defer { socket.close() }
        let peer = try system("ask who serves") { () throws(Errno) in try Socket.peer(socket) }
        guard peer.uid == CurrentProcess.userID || CurrentProcess.userID == 0 else {
            throw WeaveError(.denied, "the server of \(weave.root) belongs to another user", hint: "run the command as the weave's owner")
        }
        // The keeper made the socket; the server is its child.
        for process in [peer.pid, weave.serverID] {
            guard let process, ProcessFiles.isStopped(process), process == peer.pid || ProcessFiles.parent(of: process) == peer.pid else { continue }
            throw WeaveError(.stopped, "the server of \(weave.root) does not answer: process \(process) is stopped", hint: "let it go on with 'kill -CONT \(process)'")
        }
        let answer: Answer?
        do throws(Errno) {
            try Line.send(Envelope(version: version, call: call, environment: CurrentProcess.environment), to: socket)
            answer = try Line.receive(Answer.self, from: socket)
        } catch {
            throw WeaveError(.noServer, "the server of \(weave.root) does not answer as expected: \(error)",
                             hint: "run 'rwv down' with the rwv that started it, then 'rwv up'")
        }
        switch answer {
        case .failed(let error)?: throw error
        case let answer?: return answer
        case nil:
            throw WeaveError(.noServer, "the server went away before it answered", hint: "see \(weave.log)/server.log; run the command again")
        }
    }
}
