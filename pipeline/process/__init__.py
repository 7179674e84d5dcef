"""How a process of ours behaves: where the project is, who works there, start, errors, verbosity, machine, git."""
