internal import Syscalls

/// The workweaves that somebody has for himself (``ExclusiveUse``), and the thread that looks whether he still does. Any thread.
final class HandOuts: Sendable {
    /// Milliseconds between two looks.
    private static let interval = 500

    private struct State {
        var names: Set<String> = []
        var isWatched = false
        var problems: [String: String] = [:]
    }

    /// The names, whether the thread runs, and why one is not served again. A leaf.
    private let state = Locked(State())

    var names: [String] { state.withLock { $0.names.sorted() } }

    func contains(_ name: String) -> Bool { state.withLock { $0.names.contains(name) } }

    func remove(_ name: String) {
        state.withLock { s in
            s.names.remove(name)
            s.problems[name] = nil
        }
    }

    /// Whether nobody was told of this problem yet.
    func isNews(_ name: String, _ problem: String) -> Bool { state.withLock { $0.problems.updateValue(problem, forKey: name) != problem } }

    /// - Parameter look: called now and then on a thread of its own, while there are any.
    func insert(_ name: String, look: @escaping @Sendable () -> Void) {
        let mustStart = state.withLock { s -> Bool in
            s.names.insert(name)
            defer { s.isWatched = true }
            return !s.isWatched
        }
        guard mustStart else { return }
        do throws(Errno) {
            try Thread.start(stack: 1 << 22) { [self] in
                repeat {
                    Thread.sleep(milliseconds: Self.interval)
                    look()
                } while goesOn()
            }
        } catch { state.withLock { $0.isWatched = false } }
    }

    private func goesOn() -> Bool {
        state.withLock { s in
            if s.names.isEmpty { s.isWatched = false }
            return s.isWatched
        }
    }
}
