"""The version of CNN Studio."""

__version__ = "0.1.0"
