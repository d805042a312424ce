internal import Control
internal import Fuse
package import Syscalls
package import Weave

/// The process that outlives servers: it mounts, keeps every /dev/fuse descriptor and the control socket, starts the server,
/// and starts it again when it dies. It holds no git and no layer code, so it has no reason to crash.
///
/// It lives in the weave's `run` directory: `lock` (held with flock(2) while it lives), `keeper.pid`, `server.pid`, `control.sock`.
package enum Keeper {
    /// The hidden verbs that the program is started with.
    package static let verb = "__keeper"
    package static let serverVerb = "__server"

    /// Starts a keeper in the background and returns when its server answers. - Throws: why it could not.
    @Sendable
    package static func launch(_ weave: Weave) throws(WeaveError) {
        let pipe = try system("make a pipe") { () throws(Errno) in try Pipe() }
        defer { pipe.read.close() }
        try system("start \(CurrentProcess.executable)") { () throws(Errno) in
            defer { pipe.write.close() }
            let log = try Log(path: weave.log + "/server.log")
            _ = try own([verb, weave.root]).start(descriptors: [FileDescriptor(raw: -1), log.descriptor, log.descriptor, pipe.write], session: true)
        }
        let said = try system("wait for the keeper") { () throws(Errno) in try pipe.read.readAll() }
        if said.first == UInt8(ascii: "!") { throw decode(said.dropFirst()) }
        guard said == Array("ready\n".utf8) else {
            throw WeaveError(.noServer, "the server of \(weave.root) did not start", hint: "see \(weave.log)/server.log")
        }
    }

    /// This program, with other arguments.
    static func own(_ arguments: [String]) -> Subprocess {
        var p = Subprocess(CurrentProcess.executable, arguments)
        p.name = "rwv"
        // Keeps no directory of the starter's busy.
        p.directory = "/"
        return p
    }

    /// Code, message and hint on three lines.
    private static func encode(_ e: WeaveError) -> [UInt8] { Array("!\(e.code.rawValue)\n\(e.message)\n\(e.hint ?? "")".utf8) }
    private static func decode(_ bytes: ArraySlice<UInt8>) -> WeaveError {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 3 else { return WeaveError(.noServer, "the server did not start") }
        return WeaveError(WeaveError.Code(rawValue: lines[0]) ?? .failed, lines[1], hint: lines[2].isEmpty ? nil : lines[2])
    }

    /// The life of a keeper that ``launch(_:)`` has started. Returns the exit status.
    /// - Parameter report: where the starter waits to hear "ready" or why not.
    package static func run(_ weave: Weave, report: FileDescriptor) -> Int32 {
        func tell(_ bytes: [UInt8]) {
            try? report.writeAll(bytes)
            report.close()
        }
        do throws(WeaveError) {
            return try live(weave) { tell($0.map(encode) ?? Array("ready\n".utf8)) }
        } catch {
            tell(encode(error))
            return 1
        }
    }

    /// A keeper's life in this very process (`up --foreground`); returns when it has taken its mounts away.
    /// - Throws: why it cannot serve.
    @Sendable
    package static func runHere(_ weave: Weave, ready: () -> Void) throws(WeaveError) {
        var refusal: WeaveError?
        let status = try withoutActuallyEscaping(ready) { (ready) throws(WeaveError) -> Int32 in
            try live(weave) { error in
                refusal = error
                if error == nil { ready() }
            }
        }
        if let refusal { throw refusal }
        if status != 0 { throw WeaveError(.noServer, "the server of \(weave.root) has ended", hint: "see \(weave.log)/server.log") }
    }

    private static func live(_ weave: Weave, report: @escaping (WeaveError?) -> Void) throws(WeaveError) -> Int32 {
        CurrentProcess.ignoreBrokenPipe()
        CurrentProcess.setUmask(0o077)
        return try KeeperLife(weave).run(report)
    }
}
