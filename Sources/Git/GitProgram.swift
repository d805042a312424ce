package import Syscalls

/// The git program, for what libgit2 cannot do: network, credentials, filters, promised objects. Blocks the calling thread.
package enum GitProgram {
    package struct Outcome: Sendable {
        /// The command as the user would type it, for messages.
        package let command: String
        /// The exit status, or 128 + the number of the signal that ended it.
        package let status: Int32
        package let output: [UInt8]
        package let error: [UInt8]
        package var succeeded: Bool { status == 0 }
        package var outputText: String { String(decoding: output, as: UTF8.self) }
        package var errorText: String { String(decoding: error, as: UTF8.self) }

        /// Throws programFailed with git's own words as cause, unless the exit status is 0.
        @discardableResult
        package func check(_ doing: @autoclosure () -> String, hint: String? = nil) throws(GitError) -> Outcome {
            if succeeded { return self }
            throw GitError(.programFailed, doing(), hint: hint, cause: said)
        }

        /// What git wrote to standard error, without carriage returns (ssh ends its lines with them) and without line ends at its end;
        /// the exit status when it wrote nothing.
        package var said: String {
            var text = errorText.split { $0 == "\r\n" || $0 == "\r" }.joined(separator: "\n")
            while text.last?.isWhitespace == true { text.removeLast() }
            return text.isEmpty ? "\(command) ended with status \(status)" : text
        }
    }

    /// Variables that would make git act on another repository than the one we name.
    static let removed: Set<String> = [
        "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INDEX_VERSION", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_QUARANTINE_PATH",
        "GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_IMPLICIT_WORK_TREE",
        "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_DEFAULT_HASH", "GIT_REFLOG_ACTION",
    ]

    /// Our environment without ``removed``, with messages in English unless `translated`, and with `changes` (nil unsets).
    package static func environment(changes: [String: String?] = [:], translated: Bool = false) -> [String] {
        var all = CurrentProcess.environment.filter { entry in
            let name = String(entry.prefix { $0 != "=" })
            if removed.contains(name) || changes.keys.contains(name) { return false }
            return translated || (name != "LC_ALL" && name != "LANGUAGE")
        }
        if !translated, !changes.keys.contains("LC_ALL") { all.append("LC_ALL=C") }
        for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
            if let value { all.append("\(name)=\(value)") }
        }
        return all
    }

    /// Runs `git ARGUMENTS` in `directory` to its end.
    /// - Parameters:
    ///   - environment: changes to ``environment(changes:translated:)``.
    ///   - input: what git reads from standard input.
    ///   - output: where standard output goes instead of ``Outcome/output``.
    ///   - timeout: seconds, after which git and what it started are killed.
    ///   - showProgress: git's standard error is our own (progress, questions); ``Outcome/error`` is empty then.
    /// - Throws: programMissing, timedOut, disk. A git that fails is not an error here: see ``Outcome/check(_:hint:)``.
    package static func run(_ arguments: [String], directory: String, environment changes: [String: String?] = [:],
                            input: [UInt8] = [], output: FileDescriptor? = nil, timeout: Int? = nil, showProgress: Bool = false) throws(GitError) -> Outcome {
        var process = Subprocess("git", arguments, environment: environment(changes: changes, translated: showProgress),
                                 directory: directory)
        process.passError = showProgress
        process.standardOutput = output
        process.ownSession = timeout != nil && !showProgress
        let command = "git " + arguments.joined(separator: " ")
        do throws(Errno) {
            let o = try process.run(input: input, timeout: timeout)
            return Outcome(command: command, status: o.status, output: o.output, error: o.error)
        } catch { throw failure(error, command, directory, timeout) }
    }

    static func failure(_ error: Errno, _ command: String, _ directory: String, _ timeout: Int?) -> GitError {
        if error == .timedOut {
            return GitError(.timedOut, "\(command) did not end within \(timeout ?? 0) seconds and was stopped")
        }
        guard error == .notFound else { return GitError(error, "cannot run \(command)") }
        if !Files.isDirectory(directory) { return GitError(.notFound, "cannot run \(command): no directory \(directory)") }
        return GitError(.programMissing, "the git program was not found", hint: "install git and see that it is on the PATH")
    }
}
