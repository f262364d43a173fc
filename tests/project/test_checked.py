"""What ships was checked when it was packed: ``python tests/project/test_checked.py`` writes the digests anew."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from complaintflow.bpmn.formula import Formula
from complaintflow.bpmn.node import Node
from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from complaintflow.errors import InvalidNotice

CHECKED = Path(__file__).resolve().parents[2] / "processes" / "checked.json"


def digests() -> dict[str, str]:
    """Process id -> digest of its bundle, each checked in full."""
    library = Library(Layers(installed=False))
    bundles = [library.assemble(name) for name in library.layers.processes()]
    for bundle in bundles:
        bundle.check()
    return {bundle.process_id: bundle.digest for bundle in bundles}


def test_the_digests_of_what_ships_are_those_that_were_checked() -> None:
    """Every shipped process passes all checks, and its digest is in the list that spares users that check."""
    assert json.loads(CHECKED.read_text(encoding="utf-8")) == digests(), "run python tests/project/test_checked.py"


@pytest.mark.parametrize("name", Layers(installed=False).processes())
def test_what_is_trusted_is_what_was_checked(name: str) -> None:
    """A bundle whose checks are left out has the nodes, formulas, jobs, forms and sealed fields of one in full."""
    library = Library(Layers(installed=False))
    full, trusted = library.assemble(name), library.assemble(name)
    trusted.trust()
    assert [described(node) for node in trusted.program.nodes] == [described(node) for node in full.program.nodes]
    assert trusted.program.job_types.keys() == full.program.job_types.keys()
    assert [*trusted.forms] == [*full.forms]
    assert trusted.seals == full.seals
    assert {one: trusted.forms[one].fields for one in trusted.forms} == {
        one: full.forms[one].fields for one in full.forms
    }


def described(node: Node) -> list[str]:
    """A node with everything that is read of it, its formulas parsed."""
    return [node.name, *sorted(f"{key}={told(value)}" for key, value in vars(node).items())]


def told(value: object) -> str:
    """A value of a node, expressions by what they read and call, other nodes by their names."""
    if isinstance(value, Formula):
        parsed = value.expression
        read = (
            None if parsed is None else (sorted(parsed.free_names), sorted(parsed.filter_names), sorted(parsed.calls))
        )
        return f"{value.text} {read} {value.where}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(told, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {told(one)}' for key, one in value.items())}}}"
    if dataclasses.is_dataclass(value):
        return (
            f"{type(value).__name__}({', '.join(told(getattr(value, one.name)) for one in dataclasses.fields(value))})"
        )
    return (
        value.name
        if isinstance(value, Node)
        else repr(value)
        if isinstance(value, (str, int))
        else type(value).__name__
    )


def test_a_changed_letter_is_checked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that breaks one notice of a shipped process is refused when the process is first asked for."""
    monkeypatch.setattr(Library, "_by_digest", {})
    shipped = next(Layers(installed=False).layers[-1].processes.glob("customer/notices/*.en.j2"))
    broken = tmp_path / "processes" / "customer" / "notices" / shipped.name
    broken.parent.mkdir(parents=True)
    broken.write_text("Subject: Hello\n\n{{ oh no\n", encoding="utf-8")

    with pytest.raises(InvalidNotice, match="it is not Jinja2"):
        Library(Layers([tmp_path], installed=False)).newest("customer")


if __name__ == "__main__":
    CHECKED.write_text(json.dumps(digests(), indent=2) + "\n", encoding="utf-8")
