"""The one exception that is meant for the user's eyes, and what the operating system's errors are called there."""

import errno


class StudioError(Exception):
    """Something that the user can understand and act on.

    Its text is one plain sentence (or two): what happened, why, and what to do. The window shows it where it
    happened, the command line prints it on stderr and ends with exit code 1. What went wrong underneath is chained
    (`raise StudioError(...) from error`) and shows up in the details and in the log.
    """


REASONS = {
    "E2BIG": "that is too long",
    "EACCES": "this needs a permission that you do not have",
    "EAGAIN": "it is busy at the moment",
    "EBUSY": "it is in use by another program",
    "ECONNABORTED": "the connection was lost",
    "ECONNREFUSED": "the connection was refused",
    "ECONNRESET": "the connection was lost",
    "EDQUOT": "your quota on the disk is used up",
    "EEXIST": "there is one of that name already",
    "EFBIG": "it is too large for the disk",
    "EHOSTDOWN": "the network cannot reach it",
    "EHOSTUNREACH": "the network cannot reach it",
    "EILSEQ": "its name is not possible on this disk",
    "EINVAL": "the system does not accept it",
    "EIO": "the disk reports an error",
    "EISDIR": "it is a folder",
    "ELOOP": "its links form a loop",
    "EMFILE": "too many files are open",
    "EMLINK": "it has too many links",
    "ENAMETOOLONG": "the name is too long",
    "ENETDOWN": "the network cannot reach it",
    "ENETUNREACH": "the network cannot reach it",
    "ENFILE": "too many files are open",
    "ENODEV": "its disk is not connected",
    "ENOENT": "it does not exist",
    "ENOLCK": "the disk has no locks",
    "ENOMEM": "there is not enough memory",
    "ENOSPC": "the disk is full",
    "ENOSYS": "the disk cannot do that",
    "ENOTCONN": "the network cannot reach it",
    "ENOTDIR": "there is a file where a folder should be",
    "ENOTEMPTY": "there is one of that name already",
    "ENOTSUP": "the disk cannot do that",
    "ENXIO": "its disk is not connected",
    "EOPNOTSUPP": "the disk cannot do that",
    "EOVERFLOW": "it is too large",
    "EPERM": "this needs a permission that you do not have",
    "EPIPE": "the other program has closed it",
    "EROFS": "the disk is read-only",
    "ESTALE": "the network drive no longer has it",
    "ETIMEDOUT": "there was no answer in time",
    "ETXTBSY": "it is in use by another program",
    "EXDEV": "it is on another disk",
}
"""Why the operating system does not do something, by the names of its errors: what can stand after a colon."""

_FULL = {"EDQUOT", "EFBIG", "ENOSPC"}

_LOCKED = {32, 33}
"""Errors of Windows for which Python knows no name but that of a missing permission: another program has the file."""


def reason(error: BaseException) -> str:
    """Why something failed, for the middle of a sentence: without a capital, without a full stop.

    The operating system's own words are in the user's language, and ours are not: they are looked up in `REASONS`.
    """
    if not isinstance(error, OSError) or error.errno is None:
        return str(error) or type(error).__name__
    if getattr(error, "winerror", None) in _LOCKED:
        return REASONS["EBUSY"]
    return REASONS.get(_name(error), f"the system reports the error {_name(error)}")


def is_full(error: OSError) -> bool:
    """Whether there was no room on the disk: then there is something to be done about it."""
    return _name(error) in _FULL


def explain(error: BaseException) -> str:
    """The sentence for the user on any error: the text of a `StudioError`, or what the system reports."""
    if not isinstance(error, OSError) or error.errno is None:
        return reason(error)
    if error.filename is None:
        return f"The system cannot do this: {reason(error)}."
    # A name that is no valid text would break whatever prints the sentence.
    name = str(error.filename).encode("utf-8", "replace").decode()
    return f"{name} cannot be used: {reason(error)}."


def unexpected(error: BaseException) -> str:
    """What to tell the user of an error that is our own mistake: its text would say nothing to them."""
    return (
        f"Something went wrong that should not have ({type(error).__name__}). You can go on; if it happens again, "
        "copy the details into a report."
    )


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, str(error.errno))
