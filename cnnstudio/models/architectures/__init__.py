"""The architectures that ship, a family a file."""
