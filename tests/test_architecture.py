"""Imports point downwards; metrics need no TensorFlow; errors are for all."""

import ast
import pathlib

import pytest

PACKAGE = pathlib.Path(__file__).parents[1] / "tfdisent"
# Each layer may import those before it. Metrics stand beside data and models,
# and evaluation is the first to know both.
LAYERS = [
    "errors",
    "files",
    "held_stderr",
    "torch_file",
    "data",
    "losses",
    "models",
    "training",
]
LAYERS += ["metrics", "evaluation", "export", "report", "serving", "studies"]
LAYERS += ["cli"]
FORBIDDEN = {
    "data": {"losses"},
    "losses": {"data"},
    "metrics": {"data", "losses", "models", "training"},
    "export": {"data", "training", "metrics", "evaluation"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def imports(path):
    """Full names of all modules that a file imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer_of(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0] if parts != ("__init__",) else None


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_imports_point_downwards(path):
    layer = layer_of(path)
    if layer is None:
        return
    allowed = set(LAYERS[: LAYERS.index(layer) + 1])
    allowed -= FORBIDDEN.get(layer, set())
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "tfdisent" and len(parts) > 1:
            assert parts[1] in allowed, f"{layer} imports {name}"


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "metrics").glob("*.py")), ids=lambda p: p.name
)
def test_metrics_import_no_tensorflow(path):
    for name in imports(path):
        assert name.split(".")[0] not in ("tensorflow", "keras", "tf_keras")


def test_only_commands_import_flags():
    for path in FILES:
        if layer_of(path) != "cli":
            assert "absl.flags" not in set(imports(path)), path
