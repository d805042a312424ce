internal import Glibc

/// A mutual exclusion lock (pthread_mutex_lock(3)). Not recursive. Hidden behind one type, because the
/// standard library's Mutex is slow under contention in Swift 6.3.
@safe package final class Lock: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    package init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    package func lock() { unsafe pthread_mutex_lock(mutex) }
    /// False when somebody has it.
    package func tryLock() -> Bool { unsafe pthread_mutex_trylock(mutex) == 0 }
    package func unlock() { unsafe pthread_mutex_unlock(mutex) }

    package func withLock<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        lock()
        defer { unlock() }
        return try body()
    }
}

/// Many readers or one writer (pthread_rwlock_rdlock(3)); a waiting writer goes before new readers.
@safe package final class ReadWriteLock: @unchecked Sendable {
    private let raw: UnsafeMutablePointer<pthread_rwlock_t>

    package init() {
        unsafe raw = .allocate(capacity: 1)
        unsafe raw.initialize(to: pthread_rwlock_t())
        var attributes = pthread_rwlockattr_t()
        unsafe pthread_rwlockattr_init(&attributes)
        unsafe pthread_rwlockattr_setkind_np(&attributes, Int32(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP))
        unsafe pthread_rwlock_init(raw, &attributes)
        unsafe pthread_rwlockattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_rwlock_destroy(raw)
        unsafe raw.deallocate()
    }

    package func readLock() { unsafe pthread_rwlock_rdlock(raw) }
    package func writeLock() { unsafe pthread_rwlock_wrlock(raw) }
    package func unlock() { unsafe pthread_rwlock_unlock(raw) }

    package func withReadLock<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        unsafe pthread_rwlock_rdlock(raw)
        defer { unsafe pthread_rwlock_unlock(raw) }
        return try body()
    }

    package func withWriteLock<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        unsafe pthread_rwlock_wrlock(raw)
        defer { unsafe pthread_rwlock_unlock(raw) }
        return try body()
    }
}

/// A value that is only touched under its lock.
package final class Locked<Value>: @unchecked Sendable {
    private let lock = Lock()
    private var value: Value
    package init(_ value: Value) { self.value = value }
    package func withLock<R, E: Error>(_ body: (inout Value) throws(E) -> R) throws(E) -> R {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}
