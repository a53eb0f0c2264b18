"""Imports point one way: a folder imports only from those below it."""

import ast
import pathlib
import subprocess

import pytest

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10; pytest brings it
    import tomli as tomllib

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "memgan_tf"
# Bottom to top; names on one line may import each other's line below, not each other.
LAYERS = (
    ("version", "validation", "text", "programs", "progress_bar", "source_digest", "temporaries"),
    ("files", "nearby"),
    ("outputs",),
    ("config",),
    ("layers", "losses"),
    ("backbones",),
    ("networks",),
    ("models",),
    ("data",),
    ("training",),
    ("detectors",),
    ("evaluation",),
    ("export", "report", "serving", "beam"),
    ("reproduction",),
    ("app", "estimator"),
    ("fit", "run"),
    ("api",),
    ("tools",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
MODULES = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "tools").rglob("*.py")])


def part_of(path):
    if path.is_relative_to(ROOT / "tools"):
        return "tools"
    inside = path.relative_to(PACKAGE).with_suffix("")
    return inside.parts[0]


def imported_parts(tree):
    """Parts of the package that a module imports, wherever the import stands."""
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [node.module]
            if node.module == "memgan_tf":
                names = [f"memgan_tf.{alias.name}" for alias in node.names]
        for name in names:
            pieces = name.split(".")
            if pieces[0] == "memgan_tf" and len(pieces) > 1:
                yield pieces[1]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path):
    part = part_of(path)
    if part == "__init__":
        return
    for imported in imported_parts(ast.parse(path.read_text(encoding="utf-8"))):
        if imported != part:
            assert RANK[imported] < RANK[part], f"{part} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_house_rules(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree)), "no assert"
    if part_of(path) != "tools":
        modules = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
        }
        assert "flags" not in modules, "flags live in tools"
        assert "pickle" not in modules, "no pickle anywhere"


def test_losses_and_networks_know_no_training_library_state():
    for name in ("losses", "networks", "layers", "models"):
        for path in (PACKAGE / name).glob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert "tensorflow_datasets" not in text, path
            assert "open(" not in text, path


def test_every_package_is_declared():
    declared = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    )
    found = {".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob("__init__.py")}
    found |= {
        ".".join(("memgan_tf", *path.parent.relative_to(ROOT).parts))
        for path in (ROOT / "tools").rglob("__init__.py")
    }
    assert declared == found


def test_top_level_folders():
    allowed = {
        "memgan_tf",
        "tools",
        "saved_models",
        "tests",
        "docs",
        "benchmarks",
        "results",
        ".ci",
    }
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    assert {name.split("/")[0] for name in tracked if "/" in name} <= allowed
