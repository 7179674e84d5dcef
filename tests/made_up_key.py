"""A key that nobody needs, brought into a copy of the project as docs/extending.md says."""

from pathlib import Path

from pipeline.params import upgrades

SECTION = "pipeline/params/train_section.py"
LAST = '    seed: int = Field(ge=0, lt=2**31, description="seed of weights'


def replace(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{path}: {before}"
    path.write_text(text.replace(before, after), encoding="utf-8")


def bring_a_key(project: Path) -> None:
    """As docs/extending.md says, in a version of its own: the field, what its absence meant, the line."""
    now, new = upgrades.CURRENT, upgrades.CURRENT + 1
    replace(project / SECTION, LAST, f'    made_up: float = Field(ge=0, description="nothing: 0 or more")\n{LAST}')
    table = project / "pipeline/params/upgrades.py"
    replace(table, f"CURRENT = {now}", f"CURRENT = {new}")
    replace(
        table,
        "AS_BEFORE: dict[int, dict[str, Any]] = {\n",
        f'AS_BEFORE: dict[int, dict[str, Any]] = {{\n    {new}: {{"train.made_up": 0.0}},\n',
    )
    replace(table, "Any]]] = {", f"Any]]] = {{{new}: lambda content: completed(content, AS_BEFORE[{new}]), ")
    text = (project / "params.yaml").read_text(encoding="utf-8").replace(f"version: {now} ", f"version: {new} ")
    seed = "  seed: 1                               # seed of weights"
    assert seed in text
    text = text.replace(seed, f"{'  made_up: 0.0':<38}  # nothing: 0 or more\n{seed}")
    (project / "params.yaml").write_text(text, encoding="utf-8")


def on_file(project: Path) -> dict[str, bytes]:
    files = (path for path in sorted((project / "experiments").rglob("*")) if path.is_file())
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in files}
