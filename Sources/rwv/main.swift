internal import Commands
internal import Syscalls

CurrentProcess.exit(Program().run(Array(CommandLine.arguments.dropFirst())))
