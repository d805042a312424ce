internal import Syscalls
internal import Testing

extension Sandbox {
    /// Stops the weave's server, then looks for what should be gone: mounts, processes. Removes the directory.
    func takeDown() throws {
        if Files.exists(weave + "/.rwv") {
            do {
                let down = try rwv(["down"])
                if !down.succeeded { Issue.record("rwv down ended with \(down.status): \(down.errorText)") }
            } catch { Issue.record("rwv down: \(error)") }
        }
        // A process that has said good-bye may need a moment to be gone.
        let deadline = monotonicNanoseconds() + 10_000_000_000
        while !processes().isEmpty, monotonicNanoseconds() < deadline { Self.pause() }
        let leftRunning = processes(), leftMounted = mounts()
        for (id, words) in leftRunning {
            Issue.record("left running: \(id) \(words)")
            Subprocess.signal(id, Signals.kill)
        }
        for (mount, minor) in leftMounted.reversed() {
            Issue.record("left mounted: \(mount)")
            // Whoever waits for an answer that will not come cannot even be killed before the connection is cut.
            _ = try? Subprocess("/bin/bash", ["-c", """
                cd /sys/fs/fuse/connections || exit
                mountpoint -q . || { mount -t fusectl none . && cd /sys/fs/fuse/connections; }
                echo 1 > \(minor)/abort
                """]).run(timeout: 20)
            _ = try? Subprocess("/bin/umount", ["-l", mount]).run(timeout: 20)
            _ = try? Subprocess("/usr/bin/fusermount3", ["-uz", mount]).run(timeout: 20)
        }
        let removed = try Subprocess("/bin/rm", ["-rf", "--one-file-system", root]).run(timeout: 120)
        if !removed.succeeded {
            _ = try Subprocess("/bin/chmod", ["-R", "u+rwX", root]).run(timeout: 60)
            let again = try Subprocess("/bin/rm", ["-rf", "--one-file-system", root]).run(timeout: 120)
            if !again.succeeded { Issue.record("the sandbox cannot be removed: \(again.errorText)") }
        }
    }

    /// Mount points below the sandbox (/proc/self/mountinfo, in the order of mounting), each with its device's minor number.
    func mounts() -> [(String, String)] {
        let text = String(decoding: (try? Files.read("/proc/self/mountinfo")) ?? [], as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 4, fields[4].hasPrefix(root + "/") else { return nil }
            return (String(fields[4]), String(fields[2].split(separator: ":").last ?? "0"))
        }
    }

    /// Processes that name the sandbox in their command line, run its copy of the program, or stand in it.
    func processes() -> [(Int32, String)] {
        let entries = (try? Files.open("/proc", OpenFlags.directory)).map { folder -> [Int32] in
            defer { folder.close() }
            return ((try? folder.directoryEntries()) ?? []).compactMap { Int32(String(decoding: $0.name, as: UTF8.self)) }
        } ?? []
        return entries.compactMap { id in
            guard id != CurrentProcess.id, let raw = try? Files.read("/proc/\(id)/cmdline"), !raw.isEmpty else { return nil }
            let words = raw.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
            let places = ["cwd", "exe"].compactMap { name in (try? Files.readLink("/proc/\(id)/\(name)")) ?? nil }
            let ours = words.contains(root) || places.contains { $0 == root || $0.hasPrefix(root + "/") }
            return ours ? (id, words) : nil
        }
    }

    /// The end of the weave's logs, for the report of a failure.
    func logs() -> String {
        let tail = try? Subprocess("/bin/bash", ["-c", "tail -n 40 '\(weave)'/.rwv/log/* 2>/dev/null"]).run(timeout: 10)
        let text = tail?.outputText ?? ""
        return text.isEmpty ? "" : "\n--- log\n" + text
    }

    /// Gives the processor away for a moment, between two looks.
    private static func pause() {
        guard let pipe = try? Pipe() else { return }
        defer { pipe.close() }
        _ = try? pipe.read.waitReadable(milliseconds: 20)
    }
}
