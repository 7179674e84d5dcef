"""DVC: its two files that a kill can leave half-written, and whether it would read its lock."""

from pathlib import Path

RWLOCK = Path(".dvc/tmp/rwlock")
"""Which processes use which paths, as JSON. Seen in dvc 3.67.1; treeverse/dvc#7615."""


def reads_lock(text: str) -> bool:
    """Whether DVC takes `text` as a dvc.lock; it writes the file in place and refuses one that is cut off.

    Seen in dvc 3.67.1; no report upstream is known.
    """
    from dvc.dvcfile import Lockfile
    from ruamel.yaml import YAML

    try:
        Lockfile.validate(YAML(typ="safe", pure=True).load(text))
    except Exception:  # noqa: BLE001 - YAML's, DVC's and Python's errors alike: nobody can read it
        return False
    return True
