"""The packages whose versions decide results: what is installed must be what results are filed under."""

from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from pipeline.files import paths, records
from pipeline.process.errors import MachineError


def recorded() -> dict[str, str]:
    """Package → version as pipeline/versions.json has them: DVC watches it, so it is the versions' cache key."""
    content: dict[str, str] = records.read_json(paths.VERSIONS)
    return content


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Package → installed version, "not installed" where there is none."""
    return {package: _installed(package) for package in packages}


@cache  # what is installed later is not what this process has imported
def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def check(packages: Iterable[str] | None = None) -> None:
    """Raise MachineError if one of `packages`, or of all, is not the one that results would be filed under."""
    everything = recorded()
    wanted = everything if packages is None else {name: everything.get(name, "nothing") for name in packages}
    here = installed(wanted)
    wrong = [f"{name} {here[name]}, recorded {wanted[name]}" for name in wanted if here[name] != wanted[name]]
    if wrong:
        raise MachineError(
            f"{paths.VERSIONS}: installed is {'; '.join(wrong)}. Install requirements.lock, or run `herbarium versions"
            " --write` to take the installed ones (dvc repro then runs again what they compute)"
        )


def take_installed() -> dict[str, str]:
    """Take the installed versions into pipeline/versions.json; returns them."""
    taken = installed(recorded())
    records.write_json(paths.VERSIONS, taken)
    return taken
