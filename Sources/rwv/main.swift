internal import Commands
internal import Daemon
internal import Syscalls
internal import Weave

let arguments = CommandLine.arguments
// The processes behind the mounts are this program too, started by itself.
if arguments.count >= 3, arguments[1] == Keeper.verb {
    CurrentProcess.exit(Keeper.run(Weave(root: arguments[2]), report: FileDescriptor(raw: 3)))
}
if arguments.count >= 4, arguments[1] == Keeper.serverVerb {
    CurrentProcess.exit(Server.run(Weave(root: arguments[2]), isInherited: arguments[3] == "inherited", version: Version.text) { _, _ in [] })
}
CurrentProcess.exit(Program().run(Array(arguments.dropFirst())))
