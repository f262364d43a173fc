"""Clause -> elements -> tests, read from the files of a process. Pure but for reading the tests."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from complaintflow.errors import ComplaintflowError, InvalidPolicy, UnknownProcess
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.definition.library import Library

# How a clause is named where a property cannot stand: "clause: RET-2.a RET-2.b" at the start of a documentation.
_SAID: Final = re.compile(r"\bclauses?:\s*((?:[A-Z]+-[\w.]*\w[\s,]*)+)")
_ID: Final = re.compile(r"[A-Z]+-\w[\w.]*\w|[A-Z]+-\w")
# Statuses of clauses.csv that promise an element.
_DONE: Final = frozenset({"implemented"})


@dataclass(slots=True)
class Clause:
    """One row of clauses.csv with what stands for it.

    Attributes:
        status, where: what the file says of it.
        elements: what names it, as "investigate" or "form customer-intake: content".
        tests: functions whose name, docstring or body names it.
    """

    id: str
    kind: str
    paraphrase: str
    status: str
    where: str
    elements: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Trace:
    """All clauses of one process; ``strangers`` are ids that parts name and clauses.csv does not have."""

    process: str
    clauses: list[Clause]
    strangers: dict[str, list[str]]

    @property
    def broken(self) -> list[str]:
        """Clauses that are marked implemented, and nothing stands for."""
        return [clause.id for clause in self.clauses if clause.status in _DONE and not clause.elements]


def trace(library: Library, process: str, tests: Iterable[Path] = ()) -> Trace:
    """Trace one process.

    Raises:
        UnknownProcess: no layer has it.
        InvalidPolicy: clauses.csv lacks a column.
    """
    if process not in library.layers.processes():
        library.newest(process)  # raises, with the nearest name
    clauses = {clause.id: clause for clause in _listed(library, process)}
    strangers: dict[str, list[str]] = {}
    for name, element in _elements(library, process):
        if name in clauses:
            if element not in clauses[name].elements:
                clauses[name].elements.append(element)
        else:
            strangers.setdefault(name, []).append(element)
    for other in _companions(library):
        for name, element in _elements(library, other):
            said_by = f"{other}: {element}"
            if name in clauses and said_by not in clauses[name].elements:
                clauses[name].elements.append(said_by)
    for name, test in _tests(tests):
        if name in clauses and test not in clauses[name].tests:
            clauses[name].tests.append(test)
    return Trace(process, list(clauses.values()), strangers)


def _companions(library: Library) -> list[str]:
    """Processes without clauses of their own, which stand for those of others: rounds that the clock begins."""
    layers = library.layers
    return [name for name in layers.processes() if not layers.every(f"processes/{name}/clauses.csv")]


def _listed(library: Library, process: str) -> Iterator[Clause]:
    path = f"processes/{process}/clauses.csv"
    parts = library.layers.every(path)
    if not parts:
        raise UnknownProcess(
            f"the process '{process}' has no list of clauses",
            where=path,
            advice="write one with the columns id,kind,paraphrase,status,where",
        )
    text = parts[0].content.decode("utf-8-sig", "replace")
    rows = csv.DictReader(io.StringIO(text), restkey="more")
    if not {"id", "kind", "paraphrase"} <= set(rows.fieldnames or ()):
        raise InvalidPolicy(
            "the list of clauses lacks a column", where=path, advice="begin with id,kind,paraphrase,status,where"
        )
    for row in rows:
        values = {name: (row.get(name) or "").strip() for name in ("id", "kind", "paraphrase", "status", "where")}
        if values["id"]:
            yield Clause(values["id"], values["kind"], values["paraphrase"], values["status"], values["where"])


# -- what stands for a clause -----------------------------------------------------------------


def _elements(library: Library, process: str) -> Iterator[tuple[str, str]]:
    """(clause id, element) in the order of the files."""
    from complaintflow.check.facts import Facts

    facts = Facts(library.assemble(process))
    for diagram in facts.diagrams:
        for element in diagram.root.iter("{*}*"):
            owner = diagram.owner(element)
            for name in diagram.properties(element).get("clause", "").replace(",", " ").split():
                yield name, owner
            documentation = element.findtext("{*}documentation") or ""
            for name in said(documentation):
                yield name, owner
    for form, (_, content) in facts.forms.items():
        for component in content.components:
            for name in component.properties.get("clause", "").replace(",", " ").split():
                yield name, f"form {form}: {'.'.join(component.keys) or component.id}"
    yield from _tables(facts.texts)
    try:
        policy = facts.bundle.policy
    except ComplaintflowError:
        return
    for entry in policy.entries():
        for name in entry.clause:
            yield name, f"policy {entry.section}.{entry.name}"


def _tables(texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Decision tables and notices name clauses in a description or a comment."""
    for path, text in texts.items():
        if path.endswith((".dmn", ".j2")):
            for name in said(text):
                yield name, path.rpartition("/")[2]


def said(text: str) -> list[str]:
    """Clause ids in a text like "clause: RET-2.a RET-2.b"."""
    return [name.rstrip(".") for match in _SAID.finditer(text) for name in _ID.findall(match[1])]


# -- tests ------------------------------------------------------------------------------------


def _tests(folders: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """(clause id, test) for every id in a test function: its name, docstring, decorators or body."""
    for folder in folders:
        files: Sequence[Path] = sorted(folder.rglob("test_*.py")) if folder.is_dir() else [folder]
        for file in files:
            text = file.read_text(encoding="utf-8", errors="replace")
            try:
                tree = ast.parse(text)
            except (SyntaxError, ValueError):
                continue
            for function in _functions(tree):
                source = ast.get_source_segment(text, function) or ""
                start = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
                source = "\n".join(text.splitlines()[start - 1 : function.lineno]) + source
                for name in dict.fromkeys(_ID.findall(source)):
                    yield name, f"{file.name}::{function.name}"


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
            yield node
