"""What somebody is told who slips: a wrong word, a wrong name, a file that is not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cli_samples import PAYLOAD, write_layer
from click.testing import CliRunner, Result

from complaintflow.cli.app import app
from complaintflow.cli.caseview import Setting
from complaintflow.cli.look import counted
from complaintflow.cli.teller import Teller
from complaintflow.facade.engine import Engine
from complaintflow.facade.views import Event
from complaintflow.time.clock import VirtualClock

Run = Callable[..., Result]
DECIDED = {"group": "kitchen", "name": "Kitchen", "name_zh": "餐饮后厨"}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder with the sample layer, a file of people, and a case with the key k."""
    layer = write_layer(tmp_path / "layer")
    people = 'people.zhao = { name = "Zhao Min", groups = ["kitchen-manager"] }\n'
    (tmp_path / "people.toml").write_text(people, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("DATABASE_URL", "LAYERS", "APP", "PEOPLE", "KEY_FILE", "KEYS"):
        monkeypatch.delenv(f"COMPLAINTFLOW_{name}", raising=False)
    for name in ("LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    clock = VirtualClock(datetime(2026, 3, 2, 1, tzinfo=UTC))
    with Engine("sqlite:///complaintflow.db", layers=[layer], clock=clock) as engine:
        engine.start("sample", PAYLOAD, key="k")

    def call(*words: str, **settings: Any) -> Result:
        return CliRunner().invoke(app, ["--layer", "layer", *words], prog_name="complaintflow", **settings)

    return call


@pytest.mark.parametrize("words", [("worker", "--once"), ("keys", "rotate"), ("keys", "public"), ("schedule",)])
def test_a_name_that_nobody_has_is_refused_everywhere(run: Run, words: tuple[str, ...]) -> None:
    """Whatever a command asks, --as with somebody unknown is told, and somebody known goes through."""
    refused = run("--people", "people.toml", *words, "--as", "nobody")
    assert refused.exit_code == 2
    assert "there is nobody with the id 'nobody'" in refused.stderr
    assert run("--people", "people.toml", *words, "--as", "zhao").exit_code == 0


@pytest.mark.parametrize("words", [("keys", "rotate"), ("keys", "retire", "--yes")])
def test_changing_keys_asks_who_does_it(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Where people are known the keys are changed by one of them; the key file stays as it is until then."""
    before = (tmp_path / "config/complaintflow/keys").read_bytes()
    refused = run("--people", "people.toml", *words)
    assert refused.exit_code == 2
    assert "say who you are: --as PERSON" in refused.stderr
    assert (tmp_path / "config/complaintflow/keys").read_bytes() == before
    assert run(*words).exit_code == 0


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("run", "sample", "none.json"), "give a JSON file, '-' for standard input, or fields with -d KEY=VALUE"),
        (("run", "sample", "."), "or fields with -d KEY=VALUE"),
        (("complete", "k", "investigate", "nonsense"), "or fields with -d KEY=VALUE"),
        (("run", "sample", "order_id=a b"), "if it is a field, write -d before it: -d 'order_id=a b'"),
        (("correlate", "appeal", "k"), "if it is the case's key: --key k"),
    ],
)
def test_a_word_that_is_no_file_says_what_to_write(run: Run, words: tuple[str, ...], advice: str) -> None:
    """Where data are taken, a word that cannot be read as a file tells the other ways to give them."""
    refused = run(*words)
    assert refused.exit_code == 2
    assert f"what to do: {advice}" in refused.stderr or advice in refused.stderr.splitlines()[-1]


def test_a_report_onto_a_file_names_the_option(run: Run) -> None:
    """A report that would write over a file says what lets it, and does so with it."""
    words = ("report", "sample", "--month", "2026-03", "-o", "report.html")
    assert run(*words).exit_code == 0
    assert "--replace on the command line, replace=True in Python" in run(*words).stderr
    assert run(*words, "--replace").exit_code == 0


@pytest.mark.parametrize("words", [("resolve", "99"), ("resolve", "k.99"), ("retry", "99")])
def test_an_unknown_incident_is_called_one(run: Run, words: tuple[str, ...]) -> None:
    """Whoever clears what is not there is sent to the list of incidents, not to that of tasks."""
    refused = run(*words)
    assert refused.exit_code == 2
    assert "incident" in refused.stderr.splitlines()[0]
    assert "`complaintflow incidents` lists" in refused.stderr
    assert "complaintflow tasks" not in refused.stderr


def test_the_help_says_who_acts(run: Run) -> None:
    """Every command that asks who acts lists --as and --people in its own help."""
    cases = ["run", "tasks", "complete", "show", "correlate", "incidents", "resolve", "retry", "suspend", "resume"]
    others = ["cancel", "migrate", "schedule", "figures", "surge", "report", "eventlog", "verify", "purge", "hold"]
    for name in [*cases, *others, "export", "keys rotate", "keys retire"]:
        text = run(*name.split(), "--help").stdout
        assert "--as PERSON" in text, name
        assert "--people FILE" in text, name


@pytest.mark.parametrize(("language", "said"), [("en", "Kitchen"), ("zh", "餐饮后厨")])
def test_a_named_decision_is_told_by_its_name(language: str, said: str) -> None:
    """Of a table that names its value in both languages the reader sees one name, and what else was decided."""
    now = datetime(2026, 3, 2, tzinfo=UTC)
    teller = Teller(Setting(now, UTC, language, {}))
    facts = {"result": {"type": "food", **DECIDED}, "rules": [["department", ["rule-2"]]]}
    event = Event(1, now, "task-completed", "investigate", None, None, {"notes": [["decided", "department", facts]]})
    (line,) = teller.notes(event, verbose=False)
    colon = "：" if language == "zh" else ": "
    assert line == f"department{colon}{said}  type: food (rule-2)"


def test_one_is_not_told_as_many(run: Run, tmp_path: Path) -> None:
    """A report on a single case and a list of a single clause have no plural."""
    assert (counted(1, "entry", "entries"), counted(2, "entry", "entries")) == ("1 entry", "2 entries")
    run("report", "sample", "--month", "2026-03", "-o", "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "From the one case that began in this time." in page
    assert "1 cases" not in page
    clauses = tmp_path / "layer/processes/sample/clauses.csv"
    clauses.write_text("id,kind,paraphrase,status,where\nS-1,notify,Acknowledge,,\n", encoding="utf-8")
    text = run("trace", "sample").stdout
    assert "sample  1 clause\n" in text
    assert "1 of 1 clause has an element" in text


def test_an_unknown_process_lists_no_names_in_a_row(run: Run) -> None:
    """Where no name is near, the command that lists them is told, and how own definitions are brought if none are."""
    near = CliRunner().invoke(app, ["run", "custmer", "--example"])
    assert "what to do: did you mean 'customer'?" in near.stderr
    bare = CliRunner().invoke(app, ["run", "order-complaint", "--example"])
    assert bare.exit_code == 2
    assert "`complaintflow processes`" in bare.stderr
    assert "--layer FOLDER, or with --app" in bare.stderr
    assert "whistleblower" not in bare.stderr
    assert "--layer FOLDER" not in run("run", "order-complaint", "--example").stderr
