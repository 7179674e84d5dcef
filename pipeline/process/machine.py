"""What the operating system refuses while files are read or written, in words a user can act on."""

import errno
import os

_ADVICE = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some of your quota",
    errno.EFBIG: "raise the limit (ulimit -f) or use another disk",
    errno.EROFS: "make it writable",
    errno.EACCES: "change its permissions",
    errno.EPERM: "change its permissions",
    errno.EIO: "look after the disk",
    errno.ESTALE: "look after the mount (the file server has lost the file)",
    errno.EMFILE: "raise the limit (ulimit -n)",
}


def refused(error: BaseException) -> bool:
    """Whether the error itself, not a cause of it, is this machine's: of its disk, its memory, its limits."""
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _ADVICE)


def explained(error: BaseException) -> str | None:
    """What to do about `error`, naming the file where it is known; None if it is not the machine's to mend.

    Libraries wrap what the system said: the causes are looked at, and words where there is no number.
    """
    cause: BaseException | None = error
    while cause is not None:
        number = cause.errno if isinstance(cause, OSError) else _number(str(cause))
        if number in _ADVICE:
            return _sentence(number, getattr(cause, "filename", None))
        cause = cause.__cause__ or cause.__context__
    return None


def _number(message: str) -> int | None:
    return next((number for number in _ADVICE if os.strerror(number) in message), None)


def _sentence(number: int, file: object) -> str:
    where = f"{file}: " if file else ""
    return f"{where}{os.strerror(number)}: {_ADVICE[number]} and run this again; no result is half-written"
