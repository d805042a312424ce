internal import CLinux
internal import Glibc

/// Another program: started, fed, read and waited for (posix_spawn(3)). Blocks the calling thread.
package struct Subprocess: Sendable {
    package var program: String
    package var arguments: [String]
    /// What the program is told it is called (argv[0]); nil: as it is started.
    package var name: String?
    /// `NAME=value` for each variable; nil passes our own environment on.
    package var environment: [String]?
    package var directory: String?
    /// Where the child's standard streams go; nil is /dev/null for input and a pipe that we read for the others.
    package var standardInput: FileDescriptor?
    /// Where standard output goes instead of a pipe.
    package var standardOutput: FileDescriptor?
    package var passOutput = false
    package var passError = false
    /// Makes the child lead a session of its own (setsid(2)), so that running out of time ends its children too.
    /// It has no terminal to ask on then.
    package var ownSession = false

    package init(_ program: String, _ arguments: [String], environment: [String]? = nil, directory: String? = nil) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
    }

    package struct Outcome: Sendable {
        /// The exit status, or 128 + the number of the signal that ended it.
        package let status: Int32
        package let output: [UInt8]
        package let error: [UInt8]
        package var succeeded: Bool { status == 0 }
        package var outputText: String { String(decoding: output, as: UTF8.self) }
        package var errorText: String { String(decoding: error, as: UTF8.self) }
    }

    /// Runs to the end. `input` goes to standard input. After `timeout` seconds the child gets SIGKILL and ETIMEDOUT is thrown.
    /// - Throws: ENOENT when there is no such program.
    package func run(input: [UInt8] = [], timeout: Int? = nil) throws(Errno) -> Outcome {
        let out = try Pipe()
        let err = try Pipe()
        var inPipe: Pipe?
        if !input.isEmpty { inPipe = try Pipe() }
        let stdin = inPipe?.read ?? standardInput ?? FileDescriptor(raw: -1)
        let pid: Int32
        do throws(Errno) {
            pid = try start(descriptors: [stdin, standardOutput ?? (passOutput ? .standardOutput : out.write), passError ? .standardError : err.write],
                            session: ownSession)
        } catch {
            out.close(); err.close(); inPipe?.close()
            throw error
        }
        out.write.close()
        err.write.close()
        if let inPipe {
            inPipe.read.close()
            let end = inPipe.write
            do throws(Errno) {
                try Thread.start { try? end.writeAll(input); end.close() }
            } catch { try? end.writeAll(input); end.close() }
        }
        defer { out.read.close(); err.read.close() }
        let deadline = timeout.map { monotonicNanoseconds() + Int64($0) * 1_000_000_000 }
        var output: [UInt8] = [], errorOutput: [UInt8] = []
        var open = [out.read, err.read]
        while !open.isEmpty {
            for end in try Self.readable(open, milliseconds: deadline == nil ? -1 : 200) {
                let some = try end.readSome()
                if some.isEmpty { open.removeAll { $0 == end } }
                if end == out.read { output += some } else { errorOutput += some }
            }
            if let deadline, monotonicNanoseconds() > deadline {
                Self.signal(ownSession ? -pid : pid, SIGKILL)
                _ = try Self.wait(pid)
                throw .timedOut
            }
        }
        return Outcome(status: try Self.wait(pid), output: output, error: errorOutput)
    }

    /// Those of one or two descriptors that have something to read, or have ended (poll(2)).
    private static func readable(_ ends: [FileDescriptor], milliseconds: Int32) throws(Errno) -> [FileDescriptor] {
        let ready = try check(rwv_poll_in2(ends[0].raw, ends.count > 1 ? ends[1].raw : -1, milliseconds))
        return ends.enumerated().compactMap { ready & (1 << Int32($0.offset)) != 0 ? $0.element : nil }
    }

    /// Starts the program with the given descriptors as 0, 1, 2, … and returns its process id. With `session` it leads one of its own (setsid(2)).
    package func start(descriptors: [FileDescriptor], session: Bool = false) throws(Errno) -> Int32 {
        var words = unsafe CStringArray([name ?? program] + self.arguments)
        defer { unsafe words.free() }
        let raw = descriptors.map(\.raw)
        guard let environment else {
            return try check(unsafe rwv_spawn(program, &words.pointers, nil, directory, raw, Int32(raw.count), session ? 1 : 0))
        }
        var variables = unsafe CStringArray(environment)
        defer { unsafe variables.free() }
        return try check(unsafe rwv_spawn(program, &words.pointers, &variables.pointers, directory, raw, Int32(raw.count), session ? 1 : 0))
    }

    /// waitpid(2): the exit status, or 128 + signal.
    package static func wait(_ pid: Int32) throws(Errno) -> Int32 {
        var status: Int32 = 0
        _ = try check(unsafe rwv_waitpid(pid, &status, 0))
        return decode(status)
    }

    /// The exit status if the child has ended, nil while it runs.
    package static func poll(_ pid: Int32) throws(Errno) -> Int32? {
        var status: Int32 = 0
        return try check(unsafe rwv_waitpid(pid, &status, 1)) == 0 ? nil : decode(status)
    }

    private static func decode(_ status: Int32) -> Int32 {
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }

    package static func signal(_ pid: Int32, _ number: Int32) { _ = rwv_kill(pid, number) }
    /// Whether a process of this id exists (kill(2) with signal 0).
    package static func exists(_ pid: Int32) -> Bool {
        let r = rwv_kill(pid, 0)
        return r == 0 || r == -EPERM
    }
}

/// A null-terminated array of C strings, as execve(2) wants it. Freed by hand.
@unsafe struct CStringArray {
    var pointers: [UnsafeMutablePointer<CChar>?] = unsafe []
    init(_ strings: [String]) {
        for s in strings { unsafe pointers.append(strdup(s)) }
        unsafe pointers.append(nil)
    }
    func free() {
        for unsafe p in unsafe pointers { unsafe Glibc.free(p) }
    }
}
