internal import Commands
internal import Daemon
internal import Integrations
internal import Syscalls
internal import Weave

let arguments = CommandLine.arguments
// The processes behind the mounts are this program too, started by itself.
if arguments.count >= 3, arguments[1] == Keeper.verb {
    CurrentProcess.exit(Keeper.run(Weave(root: arguments[2]), report: FileDescriptor(raw: 3)))
}
if arguments.count >= 4, arguments[1] == Keeper.serverVerb {
    let isInherited = arguments[3] == "inherited"
    CurrentProcess.exit(Server.run(Weave(root: arguments[2]), isInherited: isInherited, version: Version.text) { project, manifest, exists in
        ((try? surfacedLinks(project: project, manifest: manifest, exists: exists)) ?? []).map { ($0.path, $0.target) }
    })
}
CurrentProcess.exit(Program().run(Array(arguments.dropFirst())))
