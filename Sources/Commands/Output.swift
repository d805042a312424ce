internal import JSONCoding
internal import Syscalls

/// Data on standard output, talk on standard error. Safe from several threads.
final class Output: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var isQuiet = false
        /// The reader of standard output went away; what is left is dropped.
        var isClosed = false
        var failed = false
    }
    private let state = Locked(State())
    /// Whether talk goes to a person who watches.
    let isWatched = FileDescriptor.standardError.isTerminal
    private let colours = FileDescriptor.standardError.isTerminal && (CurrentProcess.environment("NO_COLOR") ?? "").isEmpty

    init() {}

    /// `--quiet`: talk is left out; data, errors and warnings are not.
    var isQuiet: Bool {
        get { state.withLock { $0.isQuiet } }
        set { state.withLock { $0.isQuiet = newValue } }
    }

    /// Data. Buffered; see ``flush()``.
    func print(_ text: String, terminator: String = "\n") {
        state.withLock { s in
            s.pending += text.utf8
            s.pending += terminator.utf8
            if s.pending.count > 1 << 16 { Self.write(&s) }
        }
    }

    func print(_ json: JSON) { print(json.text, terminator: "") }

    /// What a person may like to know.
    func say(_ text: String) {
        if !isQuiet { line(text) }
    }

    /// One line per piece of long work, for a person who watches; nothing in a pipe.
    func progress(_ text: String) {
        if isWatched { say(text) }
    }

    /// What a person should know: said also with `--quiet`.
    func warn(_ text: String) { line("\(paint("warning:", "33")) \(Self.visible(text))") }

    func fail(_ failure: CommandFailure) {
        for error in failure.errors { line("\(paint("error:", "31")) \(Self.visible(error))") }
        if let hint = failure.hint { self.hint(hint) }
    }

    func hint(_ text: String) { line("\(paint("hint:", "36")) \(Self.visible(text))") }

    /// Writes what is pending. False when standard output could not be written for another reason than a reader that went away.
    @discardableResult
    func flush() -> Bool {
        state.withLock { s in
            Self.write(&s)
            return !s.failed
        }
    }

    /// A line of talk, after the data that was printed before it.
    private func line(_ text: String) {
        state.withLock { s in
            Self.write(&s)
            try? FileDescriptor.standardError.writeAll(Array((text + "\n").utf8))
        }
    }

    private static func write(_ state: inout State) {
        defer { state.pending.removeAll(keepingCapacity: true) }
        guard !state.pending.isEmpty, !state.isClosed else { return }
        do throws(Errno) { try FileDescriptor.standardOutput.writeAll(state.pending) } catch {
            state.isClosed = true
            state.failed = error != .brokenPipe
        }
    }

    private func paint(_ word: String, _ code: String) -> String { colours ? "\u{1B}[\(code)m\(word)\u{1B}[0m" : word }

    /// Control characters of names that come from outside must not drive the terminal; line feeds and tabs may stay.
    private static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.map { isControl($0) ? "\\u{\(String($0.value, radix: 16))}" : String($0) }.joined()
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        (scalar.value < 0x20 && scalar != "\n" && scalar != "\t") || (0x7F...0x9F).contains(scalar.value)
    }
}
