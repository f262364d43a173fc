"""What ships was checked when it was packed: ``python tests/project/test_checked.py`` writes the digests anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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
