"""What somebody meets who uses the command line for the first time."""

from __future__ import annotations

import json
import os
import pty
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from cli_samples import PAYLOAD, write_layer
from click.testing import CliRunner, Result

from complaintflow.access.identity import Person, StaticIdentity
from complaintflow.cli.app import app
from complaintflow.cli.session import Session, again
from complaintflow.errors import InvalidData
from complaintflow.facade.engine import Engine
from complaintflow.formjs import Form
from complaintflow.sealing.keys import KeyRing
from complaintflow.time.clock import VirtualClock

Run = Callable[..., Result]
LONG = "The soup arrived cold, twice, and nobody came although we asked three times and waited for most of an hour."
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in an empty folder with the sample layer beside it."""
    write_layer(tmp_path / "layer")
    monkeypatch.chdir(tmp_path)
    for name in ("COMPLAINTFLOW_DATABASE_URL", "COMPLAINTFLOW_LAYERS", "COMPLAINTFLOW_APP", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str, **settings: Any) -> Result:
        return CliRunner().invoke(app, [*words], prog_name="complaintflow", **settings)

    return call


def case_of(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_next_command_has_the_options_of_this_one(run: Run) -> None:
    """What is printed to type next names the same database and layer, quoted, and works as it stands."""
    options = ["--database", "sqlite:///my cases.db", "--layer", "layer"]
    result = run("run", "sample", "--example", *options)
    following = [line.split("complaintflow ")[1] for line in result.stdout.splitlines() if "complaintflow " in line]
    assert len(following) == 2
    for line in following:
        assert line.endswith(" --database 'sqlite:///my cases.db' --layer layer")
    assert run("show", following[1].split()[1], *options).exit_code == 0


def test_the_next_command_keeps_a_password_to_itself(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options that come from the environment are not repeated, and a password is never printed."""

    def said(session: Session) -> str:
        with click.Context(click.Command("run"), obj=session):
            return again("show 1234")

    monkeypatch.setenv("COMPLAINTFLOW_LAYERS", "one")
    assert said(Session(layer=("one",))) == "complaintflow show 1234"
    secret = said(Session(database="postgresql+psycopg://desk:hush@host/cases"))
    assert secret == "complaintflow show 1234 --database URL"


def test_the_next_command_asks_who_does_it(run: Run, tmp_path: Path) -> None:
    """Where it is known who people are, what is printed to type next leaves a place for whoever types it."""
    people = 'people.zhao = { name = "Zhao Min", groups = ["kitchen-manager"] }\n'
    (tmp_path / "people.toml").write_text(people, encoding="utf-8")
    shown = run("--layer", "layer", "--people", "people.toml", "run", "sample", "--example", "--actor", "zhao").stdout
    assert re.search(r"complaintflow complete \w+ investigate --as PERSON --people people.toml --layer layer\n", shown)
    assert " --as PERSON" not in run("--layer", "layer", "run", "sample", "--example").stdout


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("kitchen-manger", "did you mean 'kitchen-manager'?"),
        ("kitchen_manager", "the role 'kitchen_manager' has the group 'kitchen-manager'"),
    ],
)
def test_an_unknown_group_is_not_taken_for_an_empty_inbox(run: Run, asked: str, said: str) -> None:
    """Asking for a group that no policy knows names the nearest one; a known group is not doubted."""
    run("--layer", "layer", "run", "sample", "--example")
    result = run("--layer", "layer", "tasks", "--role", asked)
    assert result.exit_code == 0
    assert said in " ".join(result.stderr.split())
    known = run("--layer", "layer", "tasks", "--role", "kitchen-manager")
    assert "investigate" in known.stdout or "Find the cause" in known.stdout
    assert "no policy names" not in known.stderr


def test_show_prints_what_was_reported_line_by_line(run: Run, tmp_path: Path) -> None:
    """Each answer stands under the label of its field, options by their label, long ones wrapped and complete."""
    (tmp_path / "payload.json").write_text(json.dumps({**PAYLOAD, "content": LONG}), encoding="utf-8")
    case = case_of(run("--layer", "layer", "run", "sample", "payload.json", "--json"))
    lines = run("--layer", "layer", "show", case["id"]).stdout.splitlines()
    part = lines[lines.index("What was reported") + 1 :]
    part = part[: part.index("")]
    assert part[0] == "  Channel: Phone"
    assert part[1] == "  What happened?"
    assert " ".join(" ".join(part[2:-1]).split()) == LONG
    assert part[-1] == "  Your name: Zhao Min"


def test_the_form_is_asked_below_what_was_reported(run: Run, tmp_path: Path) -> None:
    """On a terminal, whoever completes a task sees the complaint before the first question."""
    case = case_of(run("--layer", "layer", "run", "sample", "--example", "--json"))
    command = [sys.executable, "-m", "complaintflow", "--layer", "layer", "complete", case["id"], "investigate"]
    text = _terminal(command, b"n\nnone\n\n")
    assert "Zhao Min" in text
    assert text.index("The soup arrived cold, twice.") < text.index("Is the complaint justified?")


def _terminal(command: list[str], answers: bytes) -> str:
    """What a command prints on a terminal of its own."""
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        os.execve(command[0], command, {**os.environ, "PYTHONPATH": path, "LANG": "en"})
    os.write(terminal, answers)
    found = b""
    try:
        while chunk := os.read(terminal, 4096):
            found += chunk
    except OSError:
        pass  # The terminal closes with the program.
    os.waitpid(pid, 0)
    return found.decode("utf-8", "replace")


def test_nothing_is_said_to_be_sent_that_only_lies_here(run: Run, tmp_path: Path) -> None:
    """Without a notifier that delivers, neither the history nor the notices say that something went by e-mail."""
    form = tmp_path / "layer/forms/sample/sample-intake.form"
    form.write_text(form.read_text(encoding="utf-8").replace("reporter.phone", "reporter.email"), encoding="utf-8")
    with Engine("sqlite:///cases.db", layers=["layer"]) as engine:
        case = engine.start("sample", {**PAYLOAD, "reporter": {"email": "zhao.min@example.com", "name": "Zhao Min"}})
        assert [notice.channel for notice in case.notices()] == ["email"]
    shown = run("--layer", "layer", "--database", "sqlite:///cases.db", "show", case.id, "--notices").stdout
    assert "notice 'receipt', kept here, to be delivered by e-mail" in shown
    assert "kept here, for email, in en" in shown
    assert "notice 'receipt', by e-mail" not in shown


def test_a_new_layer_says_what_its_lines_mean(run: Run, tmp_path: Path) -> None:
    """The policy file of a new layer explains `from = "document"` where it offers it."""
    assert run("--layer", "layer", "init", "mine", "--from", "sample").exit_code == 0
    text = next((tmp_path / "mine").rglob("policy.toml")).read_text(encoding="utf-8")
    assert '# from = "document" says that your own written rules give the value.' in text
    assert '#from = "document"    # if your own written rules give this value' in text
    assert '#[policy]\n#zone = "Asia/Shanghai"\n#country = "CN"\n' in text


def test_the_zone_is_changed_where_it_is_said_to_be(run: Run, tmp_path: Path) -> None:
    """Uncommented in a new layer, the zone is that of the times that all commands print."""
    run("--layer", "layer", "init", "mine", "--from", "sample")
    policy = next((tmp_path / "mine").rglob("policy.toml"))
    text = policy.read_text(encoding="utf-8").replace("#[policy]", "[policy]").replace("#zone", "zone")
    policy.write_text(text.replace("Asia/Shanghai", "Europe/Berlin"), encoding="utf-8")
    layers = ("--layer", "mine", "--layer", "layer")
    assert "times in Europe/Berlin" in run(*layers, "run", "sample", "--example", "--key", "k").stdout
    for words in (["show", "k"], ["tasks"], ["demo", "sample"], ["figures", "sample", "--year", "2026"]):
        shown = run(*layers, *words)
        assert shown.exit_code == 0, shown.output
        assert shown.stdout.count("Europe/Berlin") == 1, words
        assert "Shanghai" not in shown.stdout


def test_yes_or_no_is_called_so() -> None:
    """A wrong answer to a choice between true and false is told in words, not in Python's."""
    values = [{"label": "Yes", "value": True}, {"label": "No", "value": False}]
    source = {
        "type": "default",
        "id": "f",
        "schemaVersion": 19,
        "components": [{"type": "radio", "id": "r", "key": "justified", "label": "Justified?", "values": values}],
    }
    with pytest.raises(InvalidData) as caught:
        Form.load(json.dumps(source)).validate({"justified": "perhaps"})
    assert dict(caught.value.problems) == {"justified": "It must be yes or no."}


def test_a_backlog_is_told_in_the_zone_of_the_policy(tmp_path: Path) -> None:
    """The time since which something is due is that of the policy's clocks, with their zone, in either language."""
    folder = write_layer(tmp_path / "layer")
    clock = VirtualClock(datetime(2026, 3, 2, 1, tzinfo=UTC))
    with Engine("sqlite://", layers=[folder], clock=clock) as engine:
        engine.start("sample", PAYLOAD)
        clock.advance(timedelta(days=9))
        assert "the oldest since 2026-03-04 24:00, Asia/Shanghai" in (engine.backlog_warning() or "")
        assert "已到期（最早 2026-03-04 24:00，Asia/Shanghai）" in (engine.backlog_warning("zh") or "")


def test_much_output_ends_with_what_it_comes_to(run: Run, tmp_path: Path) -> None:
    """`check` and `trace` over several processes end with a summary; over one they need none."""
    policy = tmp_path / "layer/processes/sample/policy.toml"
    policy.write_text(
        policy.read_text(encoding="utf-8").replace('clause = "S-2.a"', 'clause = "S-7"'), encoding="utf-8"
    )
    diagram = tmp_path / "layer/processes/sample/sample.bpmn"
    diagram.write_text(diagram.read_text(encoding="utf-8").replace('value="receipt"', 'value="none"'), encoding="utf-8")
    checked = run("check", "layer").stdout
    assert "In all: 2 checked\n" in checked
    end = checked[checked.index("In all:") :]
    assert "ERRORS" in end
    assert "\n  sample  1       1\n" in end
    assert checked.count("--defaults lists") == 1
    assert "In all" not in run("--layer", "layer", "check", "sample").stdout
    traced = run("--layer", "layer", "trace", "sample", "customer").stdout
    end = traced[traced.index("In all: 2 policies, 26 clauses") :]
    assert [line.split() for line in end.splitlines()[2:6]] == [
        ["sample", "5", "4", "1", "1"],
        ["customer", "21", "21"],
        ["sample,", "lacking:", "S-9"],
        ["sample,", "not", "listed:", "S-7"],
    ]
    assert "In all" not in run("--layer", "layer", "trace", "sample").stdout


def test_all_that_is_wrong_with_a_form_is_said_at_once(run: Run) -> None:
    """Every field, unknown, missing or unfit, in rows too, has its sentence: at the command line and as pairs."""
    words = ["-d", "channel=pigeon", "-d", "occurred_at=yesterday", "-d", "reporter.email=x", "-d", "nonsense=1"]
    rows = ["-d", 'persons:=[{"name": ["x"]}, {"nam": "y"}]']
    refused = run("run", "customer", *words, *rows)
    assert refused.exit_code == 2
    wrong = ["channel", "content", "nonsense", "occurred_at", "persons[1].name", "persons[2].nam", "reporter.email"]
    told = [line.strip().split(": ")[0] for line in refused.stderr.splitlines() if line.startswith("  ")]
    assert sorted(told) == sorted([*wrong, "where", "what to do"])
    data = {"channel": "pigeon", "occurred_at": "yesterday", "reporter": {"email": "x"}, "nonsense": 1}
    with Engine("sqlite://") as engine, pytest.raises(InvalidData) as caught:
        engine.start("customer", {**data, "persons": [{"name": ["x"]}, {"nam": "y"}]})
    assert sorted(name for name, _ in caught.value.problems) == wrong


def test_a_case_is_named_by_its_key(run: Run) -> None:
    """Whoever gave a case a name uses it in every command that takes a case."""
    layer = ("--layer", "layer")
    run(*layer, "run", "sample", "--example", "--key", "order-17")
    why = ("--reason", "Asked for.")
    for words in (
        ["show", "order-17"],
        ["incidents", "order-17"],
        ["suspend", "order-17", *why],
        ["resume", "order-17", *why],
        ["hold", "order-17", *why],
        ["verify", "order-17"],
        ["export", "order-17", "-o", "case.zip", "--actor", "li.wei", *why],
        ["complete", "order-17", "investigate", "cause=none"],
        ["retry", "order-17"],
        ["cancel", "order-17", *why],
    ):
        done = run(*layer, *words)
        assert done.exit_code == 0, f"{words}: {done.output}"
    assert "has no open incidents" in run(*layer, "resolve", "order-17").stderr
    assert run(*layer, "verify", "order-18").exit_code == 2


def test_a_case_knows_the_zone_of_its_policy(tmp_path: Path) -> None:
    """A program prints times as the office reads them, also at a desk; a policy in another zone has that."""
    folder = write_layer(tmp_path / "layer")
    people = StaticIdentity([Person("li.wei", "Li Wei", frozenset({"kitchen-manager"}))])
    with Engine("sqlite://", layers=[folder], identity=people) as engine:
        case = engine.start("sample", PAYLOAD)
        assert str(case.zone) == str(engine.desk("li.wei").case(case.id).zone) == "Asia/Shanghai"
    policy = folder / "processes/sample/policy.toml"
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text.replace("[policy]\n", '[policy]\nzone = "Europe/Paris"\n', 1), encoding="utf-8")
    with Engine("sqlite://", layers=[folder]) as engine:
        assert str(engine.start("sample", PAYLOAD).zone) == "Europe/Paris"


@pytest.mark.parametrize(
    "policy", ["customer", "office", "whistleblower", "hr", "law-firm", "grievance", "wedding-client"]
)
def test_every_line_of_a_new_layer_can_be_uncommented(run: Run, tmp_path: Path, policy: str) -> None:
    """Each entry that `init` writes as a comment is one that a policy file takes, with the value that holds now."""
    assert run("init", "mine", "--from", policy).exit_code == 0
    file = tmp_path / "mine" / "processes" / policy / "policy.toml"
    text = re.sub(r"^#(?=\[|\w+ = )", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    file.write_text(text, encoding="utf-8")

    def values(*layers: str) -> dict[tuple[str, str], str]:
        library = Engine("sqlite://", keys=KeyRing.fresh(), layers=layers).library
        return {(entry.section, entry.name): entry.value for entry in library.newest(policy).policy.entries()}

    assert values(str(tmp_path / "mine")) == values()
    assert "[access." in text
