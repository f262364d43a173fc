"""``complaintflow suspend``, ``resume``, ``cancel``, ``retry`` and ``migrate``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from complaintflow.cli.app import app
from complaintflow.cli.caseview import INCIDENTS
from tests import diagrams as d

Run = Callable[..., Result]
SOURCES = sorted((Path(__file__).resolve().parents[2] / "complaintflow").rglob("*.py"))
GRANTED = (
    d.POLICY
    + """
[roles.manager]
group = "managers"
clause = "T-1"
from = "document"

[access.see]
roles = ["manager"]
clause = "T-1"
from = "document"

[access.figures]
roles = ["manager"]
clause = "T-1"
from = "document"

[access.suspend]
roles = ["manager"]
clause = "T-1"
from = "document"
"""
)
PEOPLE = """
[people."li.wei"]
name = "Li Wei"
groups = ["managers"]

[people."zhao.min"]
name = "Zhao Min"
groups = ["desk"]

[people."chen.fang"]
name = "Chen Fang"
groups = ["kitchen"]
"""


def write(folder: Path, *parts: str) -> None:
    """The layer's process "p"."""
    d.layer(folder / "layer", d.document(d.process(*parts)), policy=GRANTED)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder with the layer."""
    write(tmp_path, d.start(), d.user("ask", groups='=["desk"]'), d.end(), d.flows("start > ask > end"))
    (tmp_path / "people.toml").write_text(PEOPLE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("COMPLAINTFLOW_DATABASE_URL", "COMPLAINTFLOW_LAYERS", "COMPLAINTFLOW_APP", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str, **settings: Any) -> Result:
        return CliRunner().invoke(app, ["--layer", "layer", *words], prog_name="complaintflow", **settings)

    return call


def started(run: Run) -> str:
    """The id of a new case."""
    found: str = json.loads(run("run", "p", "-", "--json", input="{}").stdout)["id"]
    return found


def test_suspend_and_resume(run: Run) -> None:
    """A suspended case is out of the inbox, `show` says so and how it goes on, and after resume all is back."""
    case = started(run)
    suspended = run("suspend", case[:8], "--reason", "The court has the files.")
    assert suspended.exit_code == 0, suspended.output
    assert f"complaintflow resume {case[:8]}" in suspended.stdout
    shown = run("show", case[:8]).stdout
    assert "Suspended: nothing happens until it is resumed" in shown
    assert "The court has the files." in shown
    assert json.loads(run("tasks", "--json").stdout) == []
    assert run("complete", case[:8], "ask").exit_code == 2
    assert "not suspended" in run("resume", started(run)[:8]).stderr
    assert json.loads(run("resume", case[:8], "--json").stdout)["waiting_for"] == ["ask"]
    assert "suspend" in run("suspend", case[:8]).stderr


def test_who_may_suspend(run: Run) -> None:
    """With people, only whom the policy names may suspend a case; others learn no more than without this command."""
    case = started(run)
    people = ("--people", "people.toml", "--as")
    assert run(*people, "zhao.min", "suspend", case[:8], "--reason", "No.").exit_code == 2
    assert run(*people, "li.wei", "suspend", case[:8], "--reason", "Yes.").exit_code == 0
    assert run(*people, "zhao.min", "resume", case[:8]).exit_code == 2
    assert run(*people, "li.wei", "resume", case[:8]).exit_code == 0
    assert run(*people, "li.wei", "cancel", case[:8], "--reason", "No.").exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("suspend", "CASE", "--reason", "r"), ("resume", "CASE"), ("migrate", "p"), ("migrate", "p", "--dry-run"),
        ("purge",), ("purge", "--dry-run"), ("verify",), ("verify", "CASE"), ("eventlog", "-o", "log.json"),
        ("schedule", "p"), ("schedule", "p", "--stop"), ("run", "p", "empty.json"),
    ],
)  # fmt: skip
def test_with_people_nobody_operates_without_a_name(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """Where people are known, what shows or moves cases asks who acts, as hold and cancel do, and writes nothing."""
    case = started(run)
    Path("empty.json").write_text("{}", encoding="utf-8")
    if words[0] == "resume":
        run("suspend", case, "--reason", "Wait.")
    before = run("show", case, "--json").stdout
    monkeypatch.setenv("COMPLAINTFLOW_PEOPLE", "people.toml")
    asked = [case if word == "CASE" else word for word in words]
    refused = run(*asked)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "say who you are: --as PERSON" in refused.stderr
    assert "nobody with the id 'chen'" in run(*asked, "--as", "chen").stderr
    monkeypatch.delenv("COMPLAINTFLOW_PEOPLE")
    assert run("show", case, "--json").stdout == before
    assert not Path("log.json").exists()
    assert len(json.loads(run("tasks", "--json").stdout)) == (0 if words[0] == "resume" else 1)


def test_verify_and_eventlog_show_what_is_theirs(run: Run) -> None:
    """A case is verified for whom may see it, and the event log is for whom may have the figures; all is for both."""
    case, people = started(run), ("--people", "people.toml", "--as")
    assert run(*people, "li.wei", "verify", case[:8]).exit_code == 0
    hidden = run(*people, "chen.fang", "verify", case[:8])
    assert (hidden.exit_code, hidden.stdout) == (2, "")
    assert run(*people, "chen.fang", "verify").exit_code == 0
    refused = run(*people, "zhao.min", "eventlog", "-o", "log.json")
    assert "names no role of theirs for 'figures'" in refused.stderr
    assert not Path("log.json").exists()
    assert "1 case written" in run(*people, "li.wei", "eventlog", "-o", "log.json").stdout


def test_whoever_files_a_case_sees_what_is_theirs(run: Run) -> None:
    """The case is filed under the name that --as gave; who has no part in it learns its number and no more."""
    people = ("--people", "people.toml", "--as")
    theirs = run(*people, "zhao.min", "run", "p", "-", input="{}").stdout
    assert "Waits for" in theirs
    other = run(*people, "chen.fang", "run", "p", "-", "--json", input="{}").stdout
    assert json.loads(other).keys() == {"id", "key", "process", "status"}
    shown = json.loads(run("show", json.loads(other)["id"], "--json").stdout)
    assert shown["history"][0]["actor"] == "chen.fang"


def test_a_case_that_nobody_can_do_is_begun_with_a_warning(run: Run, tmp_path: Path) -> None:
    """Where none of the people known is in the group, `run` says so, and where somebody is, it does not."""
    fine = run("--people", "people.toml", "--as", "li.wei", "run", "p", "-", input="{}")
    assert "nobody can do" not in fine.stderr
    (tmp_path / "people.toml").write_text('people."li.wei" = { name = "Li Wei", groups = ["managers"] }\n')
    begun = run("--people", "people.toml", "--as", "li.wei", "run", "p", "-", input="{}")
    assert begun.exit_code == 0
    assert "Warning: of all people that are known, nobody can do 'ask' (group desk)" in begun.stderr


def test_who_operated_is_in_the_history(run: Run, tmp_path: Path) -> None:
    """Suspended, resumed and migrated stand in the history with the person that --as named."""
    case, people = started(run), ("--people", "people.toml", "--as", "li.wei")
    run(*people, "suspend", case, "--reason", "Wait.")
    run(*people, "resume", case)
    write(
        tmp_path,
        d.start(),
        d.user("ask", groups='=["desk"]'),
        d.user("check"),
        d.end(),
        d.flows("start > ask > check > end"),
    )
    assert "Moved: 1" in run(*people, "migrate", "p").stdout
    history = json.loads(run("show", case, "--json").stdout)["history"]
    kinds = ("suspended", "resumed", "migrated")
    assert [(one["event"], one["actor"]) for one in history if one["event"] in kinds] == [
        (kind, "li.wei") for kind in kinds
    ]


def test_cancel(run: Run) -> None:
    """A case that is cancelled says who ended it and why."""
    case = started(run)
    cancelled = run("cancel", case[:8], "--reason", "Withdrawn.", "--actor", "li.wei")
    assert (cancelled.exit_code, "cancelled" in cancelled.stdout) == (0, True)
    assert "Withdrawn." in run("show", case[:8]).stdout
    assert run("cancel", case[:8], "--reason", "Twice.").exit_code == 2


def test_retry(run: Run, tmp_path: Path) -> None:
    """Incidents are tried again one, several or all of a kind; what cannot be cleared is listed with the reason."""
    way = d.flows("start > how", "how > end [ready = true]", "how > other [ready = false]")
    write(tmp_path, d.start(), d.gateway("exclusive", "how"), d.end(), d.end("other"), way)
    cases = [started(run) for _ in range(3)]
    assert run("retry").exit_code == 2
    assert run("retry", "--all", "--kind", "job").stdout == "No such incident is open; there are others: 3 condition.\n"
    unknown = run("retry", "--all", "--kind", "foo")
    assert (unknown.exit_code, "'foo' is not one of" in unknown.stderr, "'condition'" in unknown.stderr) == (
        2,
        True,
        True,
    )
    assert "did you mean 'p'?" in run("retry", "--all", "--process", "pp").stderr
    assert run("retry", cases[0][:8]).stdout == "Tried again: 1\n"
    run("suspend", cases[1][:8], "--reason", "Wait.")
    done = run("retry", "--all", "--process", "p", "--element", "how", "--json")
    found = json.loads(done.stdout)
    assert (len(found["resolved"]), len(found["refused"])) == (2, 1)
    assert "the case is suspended" in run("retry", "--all").stdout
    assert run("retry", cases[0][:8]).stdout.startswith("Tried again")


def test_every_kind_of_incident_can_be_asked_for() -> None:
    """The kinds that `retry --kind` takes are those that the source makes."""
    made = set(re.findall(r'Stuck\(\s*"(\w+)"', "".join(path.read_text(encoding="utf-8") for path in SOURCES)))
    assert made | {"commitment"} == set(INCIDENTS)


def test_migrate_rehearses_then_moves(run: Run, tmp_path: Path) -> None:
    """The rehearsal says what is safe, what is blocked and where; then what is safe is moved, and the rest is said."""
    case = started(run)
    write(tmp_path, d.start(), d.user("enquire"), d.user("check"), d.end(), d.flows("start > enquire > check > end"))
    blocked = run("migrate", "p", "--dry-run")
    assert blocked.exit_code == 1
    assert "blocked  p/ask" in blocked.stdout
    assert "the element is gone" in blocked.stdout
    assert case[:8] in blocked.stdout
    rehearsed = run("migrate", "p", "--dry-run", "--map", "ask=enquire")
    assert rehearsed.exit_code == 0, rehearsed.output
    assert "safe  p/ask -> enquire" in rehearsed.stdout
    assert "Nothing was written" in rehearsed.stderr
    assert "Due dates of open tasks and timers stay as they are" in rehearsed.stdout
    moved = run("migrate", "p", "--map", "ask=enquire", "--actor", "li.wei")
    assert "Moved: 1" in moved.stdout
    assert "Due dates of open tasks and timers stay as they are" in moved.stdout
    assert "Moved to another version of its definition" in run("show", case[:8]).stdout
    assert "(1 is on this one)" in run("migrate", "p").stdout
    assert json.loads(run("show", case[:8], "--json").stdout)["waiting_for"] == ["enquire"]


def test_migrate_with_data(run: Run, tmp_path: Path) -> None:
    """What the new way reads and a case lacks is named, and can be given on the command line."""
    started(run)
    asked = d.user("ask", extension=d.io(outputs={"seen": "1"}))
    write(
        tmp_path,
        d.start(),
        asked,
        d.script("grade", "grade", "severity"),
        d.end(),
        d.flows("start > ask > grade > end"),
    )
    missing = run("migrate", "p")
    assert (missing.exit_code, "'grade' reads 'severity'" in missing.stdout) == (1, True)
    assert run("migrate", "p", "--map", "nonsense").exit_code == 2
    moved = run("migrate", "p", "-d", "severity:=2", "--json")
    assert (moved.exit_code, json.loads(moved.stdout)["moved"]) == (0, 1)


def test_upgrade_says_which_schema_the_database_has(run: Run) -> None:
    """A database of this release is left as it is; one that is not there is made."""
    started(run)
    from complaintflow.adapters.sql.tables import REVISION

    assert run("upgrade").stdout == f"The database has schema {REVISION}.\n"
    assert run("upgrade", "--app", "module:name").exit_code == 2
