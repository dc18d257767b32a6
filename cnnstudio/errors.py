"""The one exception that is meant for the user's eyes."""


class StudioError(Exception):
    """Something the user can understand and mend.

    Its text is one plain sentence (or two): what happened, why, and what to do. The window shows it where it
    happened, the command line prints it on stderr and ends with exit code 1. What went wrong underneath is chained
    (`raise StudioError(...) from error`) and shows up in the details and in the log.
    """
