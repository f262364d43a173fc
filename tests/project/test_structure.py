"""The tree keeps its own rules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*ROOT.glob("complaintflow/**/*.py"), *ROOT.glob("adapters/**/*.py")])

# The way of the data (ARCHITECTURE.md): a room imports only rooms before it.
ORDER = (
    "records", "errors", "version", "logs", "labels", "whole", "scrub", "store", "ports", "time", "values", "telemetry",
    "sealing", "access", "feel", "notices", "policy", "handlers", "dmn", "formjs", "figures", "bpmn", "history",
    "picture", "definition", "case", "surge", "eventlog", "report", "work", "migration", "check", "facade", "testing",
    "cli",
)  # fmt: skip


def module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[0] == "adapters":
        parts = ("complaintflow", *parts)
    return ".".join(parts).removesuffix(".__init__")


NAMES = {module(path) for path in SOURCES}


TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}


def imports(tree: ast.AST) -> Iterator[str]:
    """Modules imported at run time: what stands under TYPE_CHECKING is for readers."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            todo += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            parts = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from parts
            # ``from package import module`` needs the module; only other names need the package itself.
            if not NAMES.issuperset(parts):
                yield node.module
        todo += ast.iter_child_nodes(node)


def graph() -> dict[str, set[str]]:
    return {module(path): {name for name in imports(TREES[path]) if name in NAMES} - {module(path)} for path in SOURCES}


def test_no_module_imports_itself_by_a_detour() -> None:
    """The import graph of all modules has no cycle."""
    edges = {name: targets - {"complaintflow"} for name, targets in graph().items() if name != "complaintflow"}
    while leaves := [name for name, targets in edges.items() if not targets & edges.keys()]:
        for name in leaves:
            del edges[name]
    rest = {name: sorted(targets & edges.keys()) for name, targets in edges.items()}
    assert not rest


def test_rooms_import_only_what_comes_before() -> None:
    """Imports go one way through the rooms, from errors to the command line."""
    place = {room: number for number, room in enumerate(ORDER)}

    def room(name: str) -> str:
        return name.split(".")[1]

    wrong = []
    for name, targets in graph().items():
        if name in ("complaintflow", "complaintflow.__main__") or name.startswith("complaintflow.adapters"):
            continue
        for target in targets - {"complaintflow"}:
            if target.startswith("complaintflow.adapters"):
                if room(name) not in ("facade", "cli"):
                    wrong.append(f"{name} -> {target}")
            elif room(name) != room(target) and place[room(target)] >= place[room(name)]:
                wrong.append(f"{name} -> {target}")
    assert wrong == []


def test_adapters_stay_outside() -> None:
    """An adapter knows the ports it serves, never the engine that uses it."""
    inner = {"facade", "cli", "work", "case"}
    wrong = [
        f"{name} -> {target}"
        for name, targets in graph().items()
        if name.startswith("complaintflow.adapters")
        for target in targets
        if target.count(".") and target.split(".")[1] in inner
    ]
    assert wrong == []


def test_one_room_knows_spiffworkflow() -> None:
    """Only complaintflow/bpmn imports SpiffWorkflow."""
    wrong = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.parent.name != "bpmn" and any(name.split(".")[0] == "SpiffWorkflow" for name in imports(TREES[path]))
    ]
    assert wrong == []


@pytest.mark.parametrize("forbidden", ["eval", "exec", "compile", "__import__"])
def test_text_is_never_run_as_python(forbidden: str) -> None:
    """Nothing in the package calls eval, exec, compile or __import__."""
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == forbidden
    ]
    assert wrong == []


def test_every_package_is_listed() -> None:
    """setup.cfg names every package, so that the wheel holds what the checkout has."""
    import configparser

    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    folders = {path.parent for path in ROOT.glob("complaintflow/**/__init__.py")} | {
        path.parent for path in ROOT.glob("adapters/**/__init__.py")
    }
    found = {module(folder / "__init__.py") for folder in folders}
    found |= {"complaintflow.processes", "complaintflow.forms"}
    assert found - {"complaintflow.adapters.sql.migrations.versions"} <= listed
