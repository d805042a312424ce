internal import CLinux

extension CurrentProcess {
    /// chdir(2).
    package static func enter(_ directory: String) throws(Errno) { _ = try check(unsafe rwv_chdir(directory)) }

    /// Becomes another program, which is looked for in PATH; exit status, signals and terminal are its own from here on (execvpe(3)).
    /// What ``ignoreBrokenPipe()`` did is undone first. Returns only by throwing.
    /// - Parameter environment: `NAME=value` for each variable.
    /// - Throws: ENOENT when there is no such program, EACCES when it cannot be run.
    package static func become(_ program: String, _ arguments: [String], environment: [String]) throws(Errno) {
        var words = unsafe CStringArray([program] + arguments), variables = unsafe CStringArray(environment)
        defer {
            unsafe words.free()
            unsafe variables.free()
        }
        _ = rwv_default_sigpipe()
        _ = try check(unsafe rwv_exec(program, &words.pointers, &variables.pointers))
    }
}
