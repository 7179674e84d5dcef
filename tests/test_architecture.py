"""What may import what; and that dvc.yaml, params.yaml and paths.py say the same as the code."""

import ast
import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from pipeline.files import paths
from pipeline.identity import modules, stock
from pipeline.identity.modules import imported
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.params.section import section_of
from tests import shipped

from .root import ROOT
from .test_portability import FLOAT_SUM, float_sums

FILES = sorted(path.relative_to(ROOT) for path in (ROOT / "pipeline").rglob("*.py"))
PIPELINE = config.read_yaml(ROOT / paths.PIPELINE)["stages"]

# Floors from the ground up: a room imports from lower floors only, and of these from the rooms named here.
FLOORS = (
    ("files",),
    ("process",),
    ("params", "results"),
    ("identity", "plots"),
    ("data", "model", "report"),
    ("stages", "serving"),
    ("tracking",),
    ("sweep", "filing"),
    ("review",),
    ("commands",),
    ("entry",),
)
GROUND = {"files", "process", "params", "results"}
ROOMS = {
    "files": set(),
    "process": {"files"},
    "params": {"files", "process"},
    "results": {"files", "process"},
    "identity": {"files", "process", "params"},
    "plots": {"files", "results"},
    "data": {*GROUND, "plots"},
    "model": {*GROUND, "identity"},
    "report": {"files", "params", "results", "plots"},
    "stages": {*GROUND, "identity", "data", "model", "plots", "report"},
    "serving": {*GROUND, "data", "plots"},
    "tracking": {*GROUND, "plots", "serving"},
    "sweep": {*GROUND, "identity", "data", "model", "plots", "tracking"},
    "filing": {*GROUND, "identity"},
    "review": {*GROUND, "identity", "plots", "tracking", "filing"},
    "commands": {
        *GROUND,
        *("identity", "plots", "data", "model", "report", "stages", "serving", "tracking", "sweep", "filing", "review"),
    },
    "entry": {"process", "commands"},
}
DEEP_LEARNING = {"tensorflow", "keras"}
SERVICES = {"mlflow", "optuna", "dask", "distributed", "dvc"}
_HEAVY = {*DEEP_LEARNING, *SERVICES, "tensorflow_datasets", "matplotlib", "sklearn"}
# Room → libraries it never imports.
NEVER = {
    "files": _HEAVY,
    "process": _HEAVY,
    "params": _HEAVY,
    "results": _HEAVY - {"sklearn"},  # inside functions: it takes two seconds to import
    "identity": _HEAVY,
    "plots": {*DEEP_LEARNING, *SERVICES},
    "data": SERVICES,
    "model": SERVICES,
    "report": {*DEEP_LEARNING, *SERVICES},
    "stages": {*DEEP_LEARNING, *SERVICES},
    "serving": SERVICES,
    "tracking": {*DEEP_LEARNING, "optuna"},
    "sweep": {"mlflow", "dvc"},
    "filing": _HEAVY,
    "review": {*DEEP_LEARNING, "mlflow", "optuna"},
    "commands": {*DEEP_LEARNING, *SERVICES},
    "entry": _HEAVY,
}
COMPAT = {file for file in FILES if file.is_relative_to("pipeline/process/compat")}
# These set TensorFlow up, or know a library's inside; they import it when called.
WHEN_CALLED = {Path(f"pipeline/identity/{name}.py") for name in ("accelerator", "determinism", "libraries")} | COMPAT
COMPOSING = {Path("pipeline/cli.py"), Path("pipeline/__main__.py")}


def room(file: Path) -> str:
    return file.parts[1] if len(file.parts) > 2 else "entry"


def outside_of_functions(file: Path) -> set[str]:
    """Dotted names that importing `file` imports, not those its functions do; `from a import b` counts as a and a.b."""
    names = set()
    for node in ast.parse((ROOT / file).read_text()).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def at_import(file: Path) -> set[str]:
    """The libraries among them."""
    return {name.split(".")[0] for name in outside_of_functions(file)}


def test_every_room_has_its_rules():
    assert {room(file) for file in FILES} == ROOMS.keys() == NEVER.keys() == {r for floor in FLOORS for r in floor}


def test_rooms_import_from_lower_floors_only():
    """So no cycle of rooms can come about."""
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    assert not [(here, other) for here, others in ROOMS.items() for other in others if floor[other] >= floor[here]]


def test_no_modules_import_each_other_in_a_circle():
    graph = {file: {modules.file_of(name) for name in imported(file)} - {None, file} for file in FILES}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_the_map_in_contributing_is_this_one():
    """Every room has one row there, from the ground up, with the rooms it may import."""
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert [name for name, _ in rows] == [name for floor in FLOORS for name in floor if name != "entry"]
    for name, allowed in rows:
        assert set(re.findall(r"`(\w+)`", allowed)) == ROOMS[name] - (set() if name in GROUND else GROUND), name


@pytest.mark.parametrize("file", FILES, ids=str)
def test_rooms_import_only_what_they_may(file):
    here, names = room(file), imported(file)
    rooms = {name.split(".")[1] for name in names if name.startswith("pipeline.")} & ROOMS.keys()
    assert rooms - ROOMS[here] - {here} == set(), f"{file} imports rooms it may not"
    libraries = {name.split(".")[0] for name in names}
    assert (at_import(file) if file in WHEN_CALLED else libraries) & NEVER[here] == set()
    assert here not in GROUND or "sklearn" not in at_import(file)
    assert file in COMPOSING or not names & {"pipeline.cli", "pipeline.__main__"}


@pytest.mark.parametrize("file", [f for f in FILES if room(f) == "stages"], ids=str)
def test_stages_do_not_import_each_other(file):
    assert not [name for name in imported(file) if name.startswith("pipeline.stages")]


@pytest.mark.parametrize("file", [f for f in FILES if f not in COMPAT], ids=str)
def test_other_libraries_are_touched_from_outside_only(file):
    """What is private to them, what the whole process shares, and putting something else in their place: compat's."""
    tree = ast.parse((ROOT / file).read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    others = [node for node in imports if not str(getattr(node, "module", "")).startswith("pipeline")]
    foreign = {(alias.asname or alias.name).split(".")[0] for node in others for alias in node.names}
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    reached = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and private(node)]
    found = [node.attr for node in reached if node.attr not in own]
    found += [ast.unparse(target) for target in assigned(tree) if root(target) in foreign - {"os", "sys"}]
    assert not found, f"{file}: put this into pipeline/process/compat, with its test: {', '.join(found)}"
    assert not {"setdefaulttimeout", "clear_session", "setattr"} & {name(node) for node in ast.walk(tree)}


def private(node: ast.Attribute) -> bool:
    """`thing._name`, unless the thing is this object or class; a named tuple's methods are public."""
    own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
    named_tuple = node.attr in ("_replace", "_asdict", "_fields", "_make")
    return node.attr.startswith("_") and not node.attr.startswith("__") and not own and not named_tuple


def assigned(tree: ast.Module) -> list[ast.Attribute]:
    """The attributes that statements give a value to."""
    targets = [t for node in ast.walk(tree) if isinstance(node, ast.Assign) for t in node.targets]
    parts = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return [part for part in parts if isinstance(part, ast.Attribute)]


def root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_the_command_line_imports_nothing_heavy_when_it_starts():
    needed = {file for name in COMPOSING for file in transitive_at_import(name)}
    assert {library for file in needed for library in at_import(file)} & {
        *DEEP_LEARNING,
        *SERVICES,
        "matplotlib",
    } == set()


def transitive_at_import(file: Path) -> set[Path]:
    """The package's files that importing `file` runs."""
    found, waiting = set(), [file]
    while waiting:
        current = waiting.pop()
        if current in found:
            continue
        found.add(current)
        for node in ast.parse((ROOT / current).read_text()).body:
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("pipeline"):
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                waiting += [p for n in names if (ROOT / (p := Path(*n.split(".")).with_suffix(".py"))).is_file()]
    return found


def test_packages_have_no_code_of_their_own():
    """Nobody names an __init__.py as a dependency, so nothing may depend on one."""
    # MLflow reads its switches when it is first imported; no stage imports this room.
    excused = {Path("pipeline/tracking/__init__.py")}
    for file in FILES:
        if file.name == "__init__.py" and file not in excused:
            (docstring,) = ast.parse((ROOT / file).read_text()).body
            assert isinstance(docstring, ast.Expr), file
    stages = [modules.of_stage(name) for name in PIPELINE]
    assert not [file for files in stages for file in files if room(file) == "tracking"]


def test_modules_say_why_they_exist_and_stay_short():
    for file in FILES:
        text = (ROOT / file).read_text()
        assert ast.get_docstring(ast.parse(text)), f"{file} has no docstring"
        assert len(text.splitlines()) <= 250, f"{file} is longer than 250 lines"


@pytest.mark.parametrize("file", [f for f in FILES if room(f) == "commands"], ids=str)
def test_commands_import_nothing_heavy_before_they_run(file):
    """`herbarium --help` and a typo in params.yaml are answered at once: by Python and typer alone."""
    seen, waiting = set(), [file]
    while waiting:
        current = waiting.pop()
        seen.add(current)
        assert at_import(current) <= {*sys.stdlib_module_names, "typer", "pipeline"}, current
        waiting += {modules.file_of(name) for name in outside_of_functions(current)} - {None, *seen}


def test_no_sum_depends_on_the_version_of_python():
    assert not [f"{file}:{n}" for file in FILES for n in float_sums((ROOT / file).read_text("utf-8"))], FLOAT_SUM


# dvc.yaml


def code_dependencies(stage: str) -> list[str]:
    return [dep for dep in PIPELINE[stage]["deps"] if dep.startswith("pipeline/") and dep.endswith(".py")]


@pytest.mark.parametrize("stage", PIPELINE)
def test_a_stage_depends_on_the_code_it_runs(stage):
    expected = [file.as_posix() for file in modules.of_stage(stage)]
    assert code_dependencies(stage) == expected, "dvc.yaml: write the modules with `python -m tests.stage_code`"


@pytest.mark.parametrize("stage", PIPELINE)
def test_no_stage_depends_on_the_schema(stage):
    """It is handed checked values: a new key of another stage, or another wording, runs nothing again."""
    used = {file.stem for file in modules.of_stage(stage) if room(file) == "params"}
    assert used <= {"keys", "slicing", "suggestions"}


def test_training_does_not_depend_on_test_images():
    """A test image that is taken away or labelled otherwise trains nothing again."""
    of_test = (paths.IMAGES / "test", paths.FEATURES / "test")
    deps = list(map(Path, PIPELINE["train"]["deps"]))
    assert not [dep for dep in deps for path in of_test if path.is_relative_to(dep) or dep.is_relative_to(path)]


@pytest.mark.parametrize("stage", PIPELINE)
def test_a_stage_says_what_it_does_and_runs_itself(stage):
    assert len(PIPELINE[stage]["desc"]) > 20
    assert PIPELINE[stage]["cmd"] == f"python -m pipeline {stage}"


@pytest.mark.parametrize("stage", PIPELINE)
def test_a_stage_watches_the_packages_it_computes_with(stage):
    (watched,) = (key["pipeline/versions.json"] for key in PIPELINE[stage]["params"] if isinstance(key, dict))
    distributions = {
        "PIL": "pillow",
        "sklearn": "scikit-learn",
        "tensorflow_datasets": "tensorflow-datasets",
        "numpy": "numpy",
        "tensorflow": "tensorflow",
        "keras": "keras",
        "matplotlib": "matplotlib",
        "jinja2": "jinja2",
        "scipy": "scipy",
    }
    libraries = {name.split(".")[0] for file in modules.of_stage(stage) for name in imported(file)}
    needed = {distributions[name] for name in libraries & distributions.keys()}
    needed |= {"pillow"} if "matplotlib" in needed else set()  # it writes the pictures' bytes
    recorded = set(config.read_yaml(ROOT / "pipeline/versions.json"))
    assert watched == sorted(watched)
    assert set(watched) <= recorded
    # TensorFlow reads TFDS's files in preprocess where there is no array_record; their bytes are decoded by Pillow.
    assert needed - set(watched) <= {"tensorflow", "keras"}


def outputs(stage: str) -> list[Path]:
    listed = [entry for kind in ("outs", "metrics", "plots") for entry in PIPELINE[stage].get(kind, [])]
    return [Path(next(iter(entry)) if isinstance(entry, dict) else entry) for entry in listed]


PATHS = {name: value for name, value in vars(paths).items() if isinstance(value, Path) and name.isupper()}
OF_SPLITS = {
    function(split) for function in (paths.images, paths.labels, paths.ids, paths.split_index) for split in paths.SPLITS
}


def test_every_output_has_its_name_in_paths():
    for stage in PIPELINE:
        for output in outputs(stage):
            named = output in PATHS.values() or output in {path.parent for path in OF_SPLITS}
            assert named, f"dvc.yaml, stages.{stage}: {output} is not in pipeline/files/paths.py"


def test_every_artifact_path_is_an_output():
    everything = [output for stage in PIPELINE for output in outputs(stage)]
    assert len(everything) == len(set(everything))
    folders = {paths.IMAGES, paths.FEATURES, paths.REPORTS}  # of outputs
    of_commands = (paths.REPORTS / "sweep", paths.REPORTS / "data")
    by_commands = {name for name, path in PATHS.items() if any(map(path.is_relative_to, of_commands))}
    for name, path in PATHS.items():
        artifact = path.parts[0] in ("data", "models", "reports") and path not in folders and name not in by_commands
        covered = any(path.is_relative_to(output) for output in everything)
        assert covered or not artifact, f"pipeline/files/paths.py: {name} ({path}) is no stage's output"
    for path in OF_SPLITS:
        assert any(path.is_relative_to(output) for output in everything)


# params.yaml


def commented(text: str) -> dict[str, str]:
    """Dotted key → its comment."""
    comments, parents = {}, []
    for line in text.splitlines():
        content, _, comment = line.partition("  # ")
        if match := re.match(r"( *)(\w+):", content):
            depth = len(match[1]) // 2
            parents = [*parents[:depth], match[2]]
            comments[".".join(parents)] = comment
    return comments


def described(model: Any = Params, prefix: str = "") -> dict[str, str]:
    fields = {}
    for name, field in model.model_fields.items():
        fields[prefix + name] = field.description
        if section := section_of(field.annotation):
            fields |= described(section, f"{prefix}{name}.")
    return fields


def test_every_key_of_params_yaml_carries_the_schemas_description():
    comments, descriptions = commented(shipped.PARAMS), described()
    assert list(descriptions) == [key for key in comments if key in descriptions]
    for key, description in descriptions.items():
        assert comments[key] == description, f"params.yaml: {key}"


def leaves(section: Any, prefix: str = "") -> set[str]:
    """Dotted keys that can be read."""
    keys = set()
    for name in section.model_fields_set:
        value = getattr(section, name)
        keys |= leaves(value, f"{prefix}{name}.") if hasattr(value, "model_fields_set") else {prefix + name}
    return keys


@pytest.mark.parametrize("stage", PIPELINE)
def test_a_stage_can_read_the_keys_it_declares_and_no_others(stage, project):
    declared = [key for key in PIPELINE[stage]["params"] if isinstance(key, str)]
    everything = leaves(config.load())
    expected = {key for key in everything if any(key == d or key.startswith(f"{d}.") for d in declared)}
    params = stock.take(stage).params
    assert leaves(params) == expected
    for key in everything - expected:
        with pytest.raises(AttributeError):
            read(params, key)


def read(section: Any, key: str) -> Any:
    for name in key.split("."):
        section = getattr(section, name)
    return section


EXTRAS = ("hub", "onnx")  # imported where they are asked for


def test_the_standard_library_and_declared_packages_are_all_there_is():
    """Every imported library is declared in pyproject.toml."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [*project["dependencies"], *(line for extra in EXTRAS for line in project["optional-dependencies"][extra])]
    declared = {re.match(r"[\w.-]+", line)[0].replace("-", "_").lower() for line in listed}
    names = {"PIL": "pillow", "absl": "absl_py", "sklearn": "scikit_learn", "ruamel": "ruamel.yaml", "yaml": "pyyaml"}
    for file in FILES:
        libraries = {name.split(".")[0] for name in imported(file)} - set(sys.stdlib_module_names) - {"pipeline"}
        unknown = {names.get(library, library).lower() for library in libraries} - declared
        assert not unknown, f"{file}: {unknown} is not in pyproject.toml"
