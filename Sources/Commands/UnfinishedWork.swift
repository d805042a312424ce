internal import Syscalls

/// Directories that are being filled and are not yet at their place. Made beside it (see ``Workbench``), moved there when complete,
/// removed when the work fails or the user interrupts it; after a kill, when rwv next makes something there. Safe from several threads.
enum UnfinishedWork {
    private struct State {
        /// Directories that are being filled, or on their way out.
        var paths: Set<String> = []
        /// Directories made for what is to come into them, with the number of those who wait to put something there.
        var parents: [String: Int] = [:]
        var isWatching = false
        var isInterrupted = false
    }
    private static let state = Locked(State())

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
            state.withLock { $0.isInterrupted = true }
            stopChildren(signal)
            for _ in 0..<20 where !removeAll() { Thread.sleep(milliseconds: 50) }
            CurrentProcess.exitNow(128 + signal)
        }
    }

    /// Whether something stands where a directory is to be made. An empty directory does not: what is made takes its place.
    static func isTaken(_ path: String) -> Bool {
        guard Files.exists(path) else { return false }
        guard let directory = try? Files.open(path, OpenFlags.directory | OpenFlags.noFollow) else { return true }
        defer { directory.close() }
        return (try? directory.directoryEntries())?.isEmpty != true
    }

    /// As ``makeUnlessTaken(_:fill:)``.
    /// - Throws: also when something stands at `path`.
    static func make(_ path: String, fill: (String) throws -> Void) throws {
        guard try makeUnlessTaken(path, fill: fill) else { throw CommandFailure("\(path) exists already") }
    }

    /// Fills a new directory beside `path`, then moves it to `path`. The missing directories above are made, and taken away
    /// again if nothing came of it.
    /// - Returns: false when something stands at `path` (see ``isTaken(_:)``) once the new directory is complete; that is gone then.
    /// - Throws: whatever `fill` throws; a disk that says no.
    static func makeUnlessTaken(_ path: String, fill: (String) throws -> Void) throws -> Bool {
        let (parent, name) = split(path)
        let above = try enter(parent)
        defer { leave(above) }
        let bench = try bench(in: parent)
        let temporary = bench.path + "/" + name
        defer { forget(bench) }
        do {
            try fill(temporary)
            stopIfInterrupted()
            return try onPath(path) { () throws(Errno) in try place(temporary, path) }
        } catch {
            stopIfInterrupted()
            throw error
        }
    }

    /// Leaves the rest to the thread that cleans up and ends the process: a program that it stopped is no failure to report.
    private static func stopIfInterrupted() {
        while state.withLock({ $0.isInterrupted }) { Thread.sleep(milliseconds: 100) }
    }

    /// Makes the missing directories down to `path`, for as long as somebody fills them. Returns those to ``leave(_:)``.
    private static func enter(_ path: String) throws -> [String] {
        try state.withLock { s in
            var above: [String] = [], at = path
            while !at.isEmpty, s.parents[at] != nil || !Files.exists(at) {
                above.append(at)
                at = String(at[..<(at.lastIndex(of: "/") ?? at.startIndex)])
            }
            try onPath(path) { () throws(Errno) in try Files.makeDirectories(path) }
            for directory in above { s.parents[directory, default: 0] += 1 }
            return above
        }
    }

    /// Takes away the directories (innermost first) that nobody needs any more; rmdir(2) leaves those that got something.
    private static func leave(_ above: [String]) {
        state.withLock { s in
            for directory in above {
                s.parents[directory, default: 1] -= 1
                if s.parents[directory] == 0 {
                    s.parents[directory] = nil
                    try? Files.removeDirectory(directory)
                }
            }
        }
    }

    /// Removes a directory: gone at once for everybody who looks, then file by file.
    /// - Parameter check: looks at it once more where nobody finds it. Where it throws the directory is put back.
    static func discard(_ path: String, _ check: (_ aside: String) throws -> Void) throws {
        let (parent, name) = split(path)
        let bench = try bench(in: parent)
        defer { forget(bench) }
        let aside = bench.path + "/" + name
        try onPath(path) { () throws(Errno) in try Files.rename(path, aside) }
        do { try check(aside) } catch {
            try onPath(path) { () throws(Errno) in try Files.rename(aside, path) }
            throw error
        }
        try onPath(path) { () throws(Errno) in try Files.removeTree(bench.path) }
    }

    /// A bench that an interruption takes away, in a directory without those of the dead.
    private static func bench(in parent: String) throws(CommandFailure) -> Workbench {
        Workbench.sweep(parent)
        return try onPath(parent) { () throws(Errno) in
            while true {
                do throws(Errno) { return try Workbench(in: parent) { path in state.withLock { s in _ = s.paths.insert(path) } } } catch {
                    guard error == .notFound else { throw error }
                    // Another rwv, for which nothing came of it, took the directory away that it had made.
                    try Files.makeDirectories(parent)
                }
            }
        }
    }

    /// Takes a bench away with what is still on it.
    private static func forget(_ bench: borrowing Workbench) {
        let path = bench.path
        try? Files.removeTree(path)
        state.withLock { s in _ = s.paths.remove(path) }
    }

    /// The directory that holds a path, and the path's last name.
    private static func split(_ path: String) -> (parent: String, name: String) {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        return (String(path[..<slash]), String(path[slash...].dropFirst()))
    }

    /// rename(2), which puts a directory in the place of nothing but an empty directory. False when something else is there.
    private static func place(_ temporary: String, _ path: String) throws(Errno) -> Bool {
        do throws(Errno) { try Files.rename(temporary, path) } catch {
            guard error == .exists || error == .notEmpty || error == .notDirectory else { throw error }
            return false
        }
        return true
    }

    /// False if something is left, as a program that is about to end still writes there.
    private static func removeAll() -> Bool {
        state.withLock { s in
            for path in s.paths { try? Files.removeTree(path) }
            for directory in s.parents.keys.sorted(by: >) { try? Files.removeDirectory(directory) }
            return !s.paths.contains(where: Files.exists)
        }
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
func onPath<R: ~Copyable>(_ path: String, _ call: () throws(Errno) -> R) throws(CommandFailure) -> R {
    do throws(Errno) { return try call() } catch {
        if error == .exists { throw CommandFailure("\(path) exists already") }
        throw CommandFailure("cannot write \(path): \(error)", hint: error == .noSpace ? "free some space on that disk" : nil)
    }
}
