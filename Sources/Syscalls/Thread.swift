internal import CLinux
internal import Glibc

/// Threads of the operating system (pthread_create(3)), for work that may block.
package enum Thread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a detached thread with a stack of `stack` bytes. - Throws: EAGAIN when the system has no room for one.
    package static func start(stack: Int = 1 << 20, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        let boxed = unsafe Unmanaged.passRetained(Body(body))
        let r = unsafe rwv_thread_start({ raw in
            if let raw = unsafe raw { unsafe Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run() }
            return nil
        }, boxed.toOpaque(), stack)
        if r < 0 {
            unsafe boxed.release()
            throw Errno(rawValue: -r)
        }
    }

    /// Stops this thread for a while (nanosleep(2)).
    package static func sleep(milliseconds: Int) { usleep(UInt32(clamping: milliseconds * 1000)) }

    /// Runs `body` for each index on up to `width` threads, and returns when all have ended. Results stay in order.
    package static func map<T: Sendable, R: Sendable>(_ items: [T], width: Int = 8, _ body: @escaping @Sendable (T) -> R) -> [R] {
        if items.count <= 1 || width <= 1 { return items.map(body) }
        let state = Locked<(next: Int, results: [R?], left: Int)>((0, [R?](repeating: nil, count: items.count), min(width, items.count)))
        guard let done = try? Pipe() else { return items.map(body) }
        let environment = CurrentProcess.environmentToPassOn
        let run: @Sendable () -> Void = {
            while let i = state.withLock({ s -> Int? in
                guard s.next < items.count else { return nil }
                s.next += 1
                return s.next - 1
            }) {
                let r = body(items[i])
                state.withLock { $0.results[i] = r }
            }
            if state.withLock({ s -> Bool in s.left -= 1; return s.left == 0 }) { try? done.write.writeAll([1]) }
        }
        let work: @Sendable () -> Void = { CurrentProcess.withEnvironment(environment, run) }
        for _ in 0..<(min(width, items.count) - 1) {
            do throws(Errno) { try start(stack: 1 << 21, work) } catch { work() }
        }
        work()
        _ = try? done.read.readSome(1)
        done.close()
        return state.withLock { $0.results.compactMap { $0 } }
    }
}

/// pipe2(2), both ends closed on exec.
package struct Pipe: Sendable {
    package let read: FileDescriptor
    package let write: FileDescriptor
    package init() throws(Errno) {
        var ends: (Int32, Int32) = (0, 0)
        let r = unsafe withUnsafeMutablePointer(to: &ends) { p in
            unsafe p.withMemoryRebound(to: Int32.self, capacity: 2) { q in unsafe rwv_pipe(q) }
        }
        _ = try Syscalls.check(r)
        read = FileDescriptor(raw: ends.0)
        write = FileDescriptor(raw: ends.1)
    }
    package func close() {
        read.close()
        write.close()
    }
}

/// One object per thread, put there by who runs the thread and kept alive by it (__thread in C).
package enum ThreadLocal {
    @safe package static func set(_ object: AnyObject?) {
        unsafe rwv_set_thread_value(object.map { unsafe Unmanaged.passUnretained($0).toOpaque() })
    }
    /// The object, which must be of type `T` when there is one.
    @safe package static func get<T: AnyObject>(_ type: T.Type) -> T? {
        guard let p = unsafe rwv_thread_value() else { return nil }
        return unsafe Unmanaged<T>.fromOpaque(p).takeUnretainedValue()
    }
}
