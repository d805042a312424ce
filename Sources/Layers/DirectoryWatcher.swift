package import Syscalls

/// Follows directories of clones for all project mounts of a server, with one inotify(7) instance: a user has few of them. Any thread.
package final class DirectoryWatcher: @unchecked Sendable {
    /// A directory as one mount knows it.
    private struct Place {
        weak var files: Passthrough?
        let owner: ObjectIdentifier
        let node: UInt64
    }

    /// What happened at one name of a directory, or (no name) to the directory itself.
    package struct Happening {
        package let files: Passthrough
        package let directory: UInt64
        package let event: Inotify.Event
    }

    private let inotify: Inotify
    private let poller: Poller
    private let wake: Event
    /// How many directories may be followed: other programs of the user need watches too.
    private let limit: Int
    /// Places by watch. A leaf.
    private let places = Locked<[Int32: [Place]]>([:])

    /// - Parameter limit: how many directories to follow at most.
    package init(limit: Int) throws(Errno) {
        self.limit = limit
        inotify = try Inotify()
        wake = try Event()
        poller = try Poller()
        try poller.add(inotify.descriptor, tag: 1, edge: false)
        try poller.add(wake.descriptor, tag: 2, edge: false)
    }

    /// A quarter of what a user may have (fs.inotify.max_user_watches).
    package static var usualLimit: Int {
        let text = try? String(decoding: Files.read("/proc/sys/fs/inotify/max_user_watches"), as: UTF8.self)
        return (text.flatMap { Int($0.split(whereSeparator: \.isWhitespace).first ?? "") } ?? 8192) / 4
    }

    /// Follows a directory for a mount. - Returns: the watch; nil when it cannot be followed.
    func watch(_ handle: FileDescriptor, _ files: Passthrough, _ node: UInt64) -> Int32? {
        let owner = ObjectIdentifier(files)
        return places.withLock { all -> Int32? in
            guard all.count < limit, let watch = try? inotify.watch(handle) else { return nil }
            if all[watch]?.contains(where: { $0.owner == owner && $0.node == node }) != true {
                all[watch, default: []].append(Place(files: files, owner: owner, node: node))
            }
            return watch
        }
    }

    /// A mount follows a directory no more.
    func end(_ watch: Int32, owner: ObjectIdentifier, _ node: UInt64) {
        places.withLock { all in
            all[watch]?.removeAll { $0.owner == owner && $0.node == node }
            if all[watch]?.isEmpty == true {
                all[watch] = nil
                inotify.end(watch)
            }
        }
    }

    /// A mount is gone.
    func end(owner: ObjectIdentifier) {
        places.withLock { all in
            for (watch, places) in all where places.contains(where: { $0.owner == owner }) {
                let left = places.filter { $0.owner != owner }
                all[watch] = left.isEmpty ? nil : left
                if left.isEmpty { inotify.end(watch) }
            }
        }
    }

    /// Blocks until something has happened, ``stir()`` was called, or `milliseconds` (-1: never) have passed.
    package func wait(milliseconds: Int) { if (try? poller.wait(milliseconds: Int32(milliseconds))) == 2 { wake.lower() } }

    /// Ends a ``wait(milliseconds:)``.
    package func stir() { wake.raise() }

    /// What has happened, each thing once. `lost`: there was more than the kernel keeps. One thread at a time.
    package func read() -> (happenings: [Happening], lost: Bool) {
        let events = inotify.read()
        if events.isEmpty { return ([], false) }
        var seen: Set<Inotify.Event> = []
        var all: [Happening] = []
        places.withLock { places in
            for event in events where seen.insert(event).inserted {
                for place in places[event.watch] ?? [] {
                    if let files = place.files { all.append(Happening(files: files, directory: place.node, event: event)) }
                }
                if event.isAny(of: .end) { places[event.watch] = nil }
            }
        }
        return (all, events.contains { $0.isAny(of: .overflow) })
    }
}
