"""The one door."""


def main() -> int:
    """Placeholder until the commands are in."""
    return 0
