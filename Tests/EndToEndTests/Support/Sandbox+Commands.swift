internal import Syscalls

extension Sandbox {
    private var environment: [String] {
        ["HOME=\(root)/home", "TMPDIR=\(root)/tmp", "XDG_RUNTIME_DIR=\(root)/run", "XDG_CONFIG_HOME=\(root)/home/.config",
         "PATH=\(Machine.searchPath)", "LC_ALL=C", "TZ=UTC", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
         "S=\(root)", "W=\(weave)", "RWV=\(program)", "TOOLS=\(tools)", "TEST_USER=\(Machine.user ?? "")", "ENGINE=\(Machine.engine ?? "")", "SHOWN=\(Machine.shown)"]
    }

    /// The words that make a command run as the scenario's user.
    private var asUser: [String] {
        guard let user = Machine.user else { return [] }
        return ["/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(user)", "--init-groups", "--"]
    }

    /// Runs shell commands as the scenario's user with the helpers of Scripts/lib.sh at hand.
    /// - Returns: standard output. Throws when it does not end with 0 within `limit` seconds.
    @discardableResult
    func bash(_ script: String, limit: Int = 60) throws -> String {
        let text = "cd '\(root)'\nexport S W RWV TOOLS ENGINE SHOWN\n. '\(tools)/lib.sh'\n\(script)\n"
        return try finish(Subprocess("/usr/bin/timeout", ["-k", "5", "\(limit)"] + asUser + ["/bin/bash", "-c", text],
                                     environment: environment), script, limit)
    }

    /// The same with root's rights, for what only root can set up: mounts, devices. Takes root or password-free sudo.
    @discardableResult
    func asRoot(_ script: String, limit: Int = 120) throws -> String {
        let text = "cd '\(root)'\n. '\(tools)/lib.sh'\n\(script)\n"
        var words = ["-k", "5", "\(limit)"]
        if !Machine.isRoot { words += ["/usr/bin/sudo", "-n", "--preserve-env", "/usr/bin/env", "OWNER=\(CurrentProcess.userID)"] }
        return try finish(Subprocess("/usr/bin/timeout", words + ["/bin/bash", "-c", text], environment: environment), script, limit)
    }

    /// Plain commands as whoever runs the tests, before there are tools.
    func host(_ script: String) throws {
        let text = "set -e\ncd '\(root)'\n\(script)\n"
        _ = try finish(Subprocess("/bin/bash", ["-c", text]), script, 120)
    }

    /// Runs the program itself.
    func rwv(_ arguments: [String], limit: Int = 60) throws -> Subprocess.Outcome {
        try Subprocess("/usr/bin/timeout", ["-k", "5", "\(limit)"] + asUser + [program, "-C", weave] + arguments,
                       environment: environment, directory: root).run(timeout: limit + 10)
    }

    private func finish(_ command: Subprocess, _ script: String, _ limit: Int) throws -> String {
        let outcome: Subprocess.Outcome
        do throws(Errno) { outcome = try command.run(timeout: limit + 10) } catch {
            throw ScenarioFailure("\(error) after \(limit) s:\n\(script)")
        }
        guard outcome.succeeded else {
            let why = outcome.status == 124 ? "took longer than \(limit) s" : "ended with \(outcome.status)"
            throw ScenarioFailure("\(why)\n\(outcome.errorText)\n\(outcome.outputText)--- in:\n\(script)")
        }
        return outcome.outputText
    }
}
