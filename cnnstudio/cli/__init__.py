"""The command line: one file a command; each prints the engine's results."""
