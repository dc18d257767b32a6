"""The build functions of the architectures, a family of networks a file."""
