"""The command line: one lazy group, one module a command."""
