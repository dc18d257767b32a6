"""The one door: the window without a command or with `open`, the command line with every other command."""

import sys
from collections.abc import Sequence


def open_window(arguments: Sequence[str]) -> int:
    """Opens the window, with an image or a model where `arguments` names one, and returns the exit code."""
    from cnnstudio.gui.app import main as window_main

    return window_main([sys.argv[0], *arguments])


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs CNN Studio.

    Args:
        arguments: the command line without the program's name; `sys.argv`'s by default.

    Returns:
        The exit code: 0, 1 for a failure, 2 for wrong use, 130 where Ctrl+C ended it.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments:
        # The window is there sooner without the command line's imports.
        return open_window([])
    try:
        from cnnstudio.cli.app import run
    except ImportError as error:
        sys.stderr.write(f"CNN Studio is not installed completely ({error}): install it again.\n")
        return 1
    return run(arguments, open_window)


if __name__ == "__main__":
    sys.exit(main())
