"""The command line, by what a command is for. Everything heavy is imported inside the command that needs it."""
