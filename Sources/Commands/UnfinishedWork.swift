internal import Syscalls

/// Directories that are being filled and are not yet at their place. Made beside it, moved there when complete, removed when the
/// work fails or the user interrupts it. Safe from several threads.
enum UnfinishedWork {
    private struct State {
        var paths: Set<String> = []
        var isWatching = false
    }
    private static let state = Locked(State())

    /// Names of unfinished directories start so; nobody takes them for repositories or projects.
    static let prefix = ".rwv-tmp-"

    /// From here on an interruption removes what is unfinished. To be called by the main thread before it starts others, so that
    /// they inherit the blocked signals.
    static func watchForInterruptions() {
        let isFirst = state.withLock { s in
            defer { s.isWatching = true }
            return !s.isWatching
        }
        guard isFirst else { return }
        let signals = [Signals.interrupt, Signals.terminate, Signals.hangup]
        Signals.block(signals)
        guard let descriptor = try? Signals.descriptor(for: signals) else { return }
        try? Thread.start {
            guard let signal = try? Signals.next(descriptor) else { return }
            stopChildren(signal)
            for _ in 0..<20 where !removeAll() { Thread.sleep(milliseconds: 50) }
            CurrentProcess.exitNow(128 + signal)
        }
    }

    /// Fills a new directory beside `path`, then moves it to `path`. The missing directories above are made, and taken away
    /// again if nothing came of it.
    /// - Throws: EEXIST (as ``Errno``) when something stands at `path`; whatever `fill` throws.
    static func make(_ path: String, fill: (String) throws -> Void) throws {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let parent = String(path[..<slash])
        let temporary = "\(parent)/\(prefix)\(randomHex(6))"
        let above = missingDirectories(parent)
        try onPath(parent) { () throws(Errno) in try Files.makeDirectories(parent) }
        state.withLock { s in
            s.paths.insert(temporary)
            s.paths.formUnion(above)
        }
        do {
            try fill(temporary)
            try onPath(path) { () throws(Errno) in try place(temporary, path) }
            state.withLock { s in _ = s.paths.remove(temporary); s.paths.subtract(above) }
        } catch {
            try? Files.removeTree(temporary)
            for directory in above.reversed() { try? Files.removeDirectory(directory) }
            state.withLock { s in _ = s.paths.remove(temporary); s.paths.subtract(above) }
            throw error
        }
    }

    /// Removes a directory: gone at once for everybody who looks, then file by file.
    static func discard(_ path: String) throws {
        let parent = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        let away = "\(parent)/\(prefix)\(randomHex(6))"
        state.withLock { s in _ = s.paths.insert(away) }
        try onPath(path) { () throws(Errno) in
            try Files.rename(path, away)
            try Files.removeTree(away)
        }
        state.withLock { s in _ = s.paths.remove(away) }
    }

    /// rename(2) that never replaces, also where the disk does not know RENAME_NOREPLACE.
    private static func place(_ temporary: String, _ path: String) throws(Errno) {
        do throws(Errno) { try Files.rename(temporary, path, flags: RenameFlags.noReplace) } catch {
            guard error == .invalid || error == .notImplemented else { throw error }
            if Files.exists(path) { throw .exists }
            try Files.rename(temporary, path)
        }
    }

    /// The directories that have to be made for `path`, outermost first.
    private static func missingDirectories(_ path: String) -> [String] {
        var missing: [String] = [], at = path
        while !at.isEmpty, !Files.exists(at) {
            missing.insert(at, at: 0)
            at = String(at[..<(at.lastIndex(of: "/") ?? at.startIndex)])
        }
        return missing
    }

    private static func removeAll() -> Bool {
        var isDone = true
        for path in state.withLock({ $0.paths }).sorted(by: >) {
            if path.contains("/" + prefix) { try? Files.removeTree(path) } else { try? Files.removeDirectory(path) }
            if path.contains("/" + prefix), Files.exists(path) { isDone = false }
        }
        return isDone
    }

    /// Tells the git programs that we wait for. At Ctrl-C the terminal has done so already.
    private static func stopChildren(_ signal: Int32) {
        guard let directory = try? Files.open("/proc/self/task", OpenFlags.directory) else { return }
        defer { directory.close() }
        for thread in (try? directory.directoryEntries()) ?? [] {
            let list = (try? Files.read("/proc/self/task/\(thread.text)/children")) ?? []
            for child in list.split(separator: UInt8(ascii: " ")) {
                if let id = Int32(String(decoding: child, as: UTF8.self)) { Subprocess.signal(id, Signals.terminate) }
            }
        }
    }
}

/// Runs a system call and says which path it was about.
func onPath<R>(_ path: String, _ call: () throws(Errno) -> R) throws(CommandFailure) -> R {
    do throws(Errno) { return try call() } catch {
        if error == .exists { throw CommandFailure("\(path) exists already") }
        throw CommandFailure("cannot write \(path): \(error)", hint: error == .noSpace ? "free some space on that disk" : nil)
    }
}
