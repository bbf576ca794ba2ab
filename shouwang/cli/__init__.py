"""The command line: one file a noun. It asks the daemon and shows; what is heavy is loaded when a command needs it."""
