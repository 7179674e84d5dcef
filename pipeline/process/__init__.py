"""How a process of ours behaves: where the project is, how it starts, errors, verbosity, progress, machine, git."""
