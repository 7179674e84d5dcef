"""How a process of ours behaves: errors, verbosity, progress, the machine, git."""
