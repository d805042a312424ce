internal import Testing

/// The program driven from outside, as issue and contract say (docs/commands.md). One scenario a file, one after the other:
/// each starts servers and mounts, and is measured against git and the kernel.
@Suite(.serialized) struct EndToEnd {}
