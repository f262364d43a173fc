"""What a program pays for before its first case: imports, and nothing compiled twice."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from complaintflow import Engine

PAYLOAD = {"channel": "phone", "reporter": {"name": "Zhao Min", "phone": "555-0100"}, "content": "The soup was cold."}
FIRST = f"from complaintflow import run_process; run_process('customer', {PAYLOAD!r})"


def loaded(script: str, folder: Path) -> set[str]:
    """The modules that a fresh process has after the script."""
    script = f"{script}\nimport json, sys; print(json.dumps([*sys.modules]))"
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_importing_the_package_loads_no_library(tmp_path: Path) -> None:
    """``import complaintflow`` leaves every library for the moment when it is needed."""
    libraries = {"sqlalchemy", "jinja2", "holidays", "babel", "lxml", "SpiffWorkflow", "pydantic", "cryptography"}
    assert not libraries & loaded("import complaintflow", tmp_path)


def test_naming_the_engine_loads_no_database_and_no_letters(tmp_path: Path) -> None:
    """``from complaintflow import run_process`` loads what reads diagrams, not stores, letters or holidays."""
    later = {"sqlalchemy", "jinja2", "holidays", "babel", "pydantic"}
    assert not later & loaded("from complaintflow import run_process", tmp_path)


def test_naming_the_engine_loads_nothing_for_few(tmp_path: Path) -> None:
    """What archives, proves, shreds, counts, scrubs and suspends comes with the first call of it."""
    rooms = {"figures", "report", "eventlog", "migration", "check", "picture", "dmn"}
    modules = {"archive", "evidence", "retention", "verification", "desk", "reporter"}
    few = {f"complaintflow.{room}" for room in rooms} | {f"complaintflow.facade.{name}" for name in modules}
    few |= {"complaintflow.scrub.kinds", "complaintflow.scrub.scrubbing", "complaintflow.case.attaching"}
    few |= {"complaintflow.work.suspension", "complaintflow.sealing.rotation"}
    assert not few & loaded(FIRST, tmp_path)


def test_a_first_case_on_sqlite_loads_only_what_it_uses(tmp_path: Path) -> None:
    """A first case loads neither SQLAlchemy nor PostgreSQL, no validator, no grammar and no world of languages."""
    unused = {"sqlalchemy", "psycopg", "alembic", "lark", "pydantic", "babel"}
    unused |= {"complaintflow.adapters.sql.postgres", "complaintflow.feel.regex"}
    # What was done once per release: diagrams held against what may stand in one.
    unused |= {"complaintflow.bpmn.allowed", "complaintflow.bpmn.shape"}
    modules = loaded(FIRST, tmp_path)
    assert "complaintflow.adapters.sql.sqlite" in modules
    assert not unused & modules


def test_classes_are_made_without_source_text() -> None:
    """No module takes ``dataclass`` from the standard library but the one that makes them for less."""
    root = Path(__file__).resolve().parents[2]
    files = [*root.glob("complaintflow/**/*.py"), *root.glob("adapters/**/*.py")]
    texts = {str(file): file.read_text(encoding="utf-8") for file in files if file.name != "records.py"}
    found = re.compile(r"^from dataclasses import .*\bdataclass\b|^\s*@dataclasses\.", re.MULTILINE)
    assert [name for name, text in texts.items() if found.search(text)] == []


def test_jobs_of_figures_are_known_before_they_are_loaded() -> None:
    """The job types that the dispatcher leaves to ``complaintflow.figures.jobs`` are those it has."""
    from complaintflow.figures.jobs import COUNTING
    from complaintflow.work.dispatch import BUILT_IN

    assert BUILT_IN - COUNTING.keys() == {"notify", "start-case"}


def test_engines_share_a_compiled_definition() -> None:
    """Two engines of one program use one bundle for one digest, compiled once."""
    with Engine("sqlite://") as one, Engine("sqlite://") as other:
        assert other.library.newest("customer") is one.library.newest("customer")
        assert other.library.newest("customer").program is one.library.newest("customer").program
