internal import ArgumentParsing
internal import Git
internal import Manifest
internal import Syscalls
internal import Weave

/// `rwv init PROJECT`: a new project, and if need be a new weave.
enum Init {
    static let verb = Verb(CommandSpec(
        "init", "create a project with an empty rwv.yaml, and activate it", positionals: [PositionalSpec("PROJECT", "its directory below projects/")],
        options: [OptionSpec("--provider", value: "REGISTRY/OWNER", "set the project repository's origin, such as github/myorg")],
        details: "In an empty directory, or where there is no weave above, the directory becomes a weave.")
    ) { session in
        let project = try ProjectName.new(session.arguments[0] ?? "")
        let origin = try session.arguments.value("--provider").map { try originURL($0, project, session.registries()) }
        let weave = try weave(session)
        try create(project, in: weave, origin: origin)
        session.output.say("initialized project '\(project)' at projects/\(project)")
        try Activate.activate(project, try Context.find(from: weave.root, project: project))
    }

    /// The weave above, or the one that the directory is about to become.
    private static func weave(_ session: Session) throws -> Weave {
        let directory = session.directory
        if try isEmpty(directory) {
            try session.becomeOwner(of: directory)
            return Weave(root: directory)
        }
        do throws(any Error) {
            let context = try session.context()
            guard context.workweave == nil else {
                throw CommandFailure("this is the workweave \(context.root), and projects belong to the weave",
                                     hint: "run the command in \(context.weave.root)")
            }
            return context.weave
        } catch let error as WeaveError where error.code == .notAWeave {
            try session.becomeOwner(of: directory)
            return Weave(root: directory)
        }
    }

    static func isEmpty(_ directory: String) throws -> Bool {
        try system("list \(directory)") { () throws(Errno) in
            let file = OwnedDescriptor(try Files.open(directory, OpenFlags.directory))
            return try file.descriptor.directoryEntries().isEmpty
        }
    }

    private static func create(_ project: ProjectName, in weave: Weave, origin: RemoteURL?) throws {
        let path = weave.project(project)
        if Files.exists(path) {
            throw CommandFailure("project '\(project)' exists already at projects/\(project)", hint: "choose another name, such as OWNER/\(project.name)")
        }
        try WritePlace.check("projects/\(project)", below: weave.root)
        UnfinishedWork.watchForInterruptions()
        try UnfinishedWork.make(path) { temporary in
            try onPath(temporary) { () throws(Errno) in
                try Files.makeDirectory(temporary)
                try Files.create(temporary + "/" + Manifest.fileName, Array(Manifest.initialText.utf8))
            }
            try GitProgram.run(["init", "--quiet"], directory: temporary).check("cannot make the project's git repository")
            if let origin {
                try GitProgram.run(["remote", "add", "origin", origin.text], directory: temporary).check("cannot set the remote of the project")
            }
        }
    }

    private static func originURL(_ provider: String, _ project: ProjectName, _ registries: RegistrySet) throws -> RemoteURL {
        let parts = provider.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw CommandFailure("invalid --provider '\(provider)'", hint: "write registry/owner, such as github/myorg", status: 2)
        }
        guard registries[parts[0]] != nil else {
            throw CommandFailure("unknown registry '\(parts[0])'", hint: "known registries: \(registries.registries.map(\.name).joined(separator: ", "))")
        }
        guard let url = registries.url(forPath: try RepoPath("\(provider)/\(project.name)")) else {
            throw CommandFailure("registry '\(parts[0])' has no URL for \(provider)/\(project.name)")
        }
        return url
    }
}
