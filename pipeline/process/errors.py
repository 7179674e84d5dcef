"""Errors a user can act on: printed as their message, without a traceback, with exit code 1."""


class HerbariumError(Exception):
    """Something the user can put right; the message names the key or file, what was found, what is allowed."""


class ConfigError(HerbariumError):
    """params.yaml or another file the user writes says something it may not."""


class DataError(HerbariumError):
    """The images or labels cannot be used as they are."""


class MachineError(HerbariumError):
    """This machine or its packages cannot do, or may not pretend to do, what is asked."""


class BusyError(HerbariumError):
    """Another command is at work in this folder, and this one does not wait."""

    def __init__(self, command: str, other: str) -> None:
        super().__init__(f"{command}: {other} is at work in this folder; run this again when it has ended")


class CombinationError(ConfigError):
    """Parameters that are legal one by one do not go together, or not with the data: what a trial may find out."""


def in_one_line(error: BaseException, most: int = 300) -> str:
    """What a library's error says, on one line and in at most `most` characters; its class if it says nothing."""
    return " ".join(str(error).split())[:most] or type(error).__name__
