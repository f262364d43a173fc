"""What comes from outside on the command line: messages, signals, data; and messages to those who type it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from complaintflow.cli.app import app
from tests import diagrams as d

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder with a layer of three processes that something from outside begins."""
    layer = tmp_path / "layer"
    for name, event in (
        ("mail", d.event("message", "m")), ("alarm", d.event("signal", "s")), ("heat", d.condition("degrees > 40")),
    ):  # fmt: skip
        parts = (d.start("in", event), d.user("look", due='date and time("2030-01-01T12:00:00Z")'), d.end())
        drawn = d.process(*parts, d.flows("in > look > end"), name=name)
        message = '<bpmn:message id="m" name="letter"/>' if name == "mail" else ""
        signal = d.signal("s", "fire") if name == "alarm" else ""
        d.layer(layer, d.document(message, signal, drawn), name=name, policy=d.POLICY.replace('"p"', f'"{name}"'))
    stuck = (d.start(), d.gateway("exclusive", "which"), d.end("yes"), d.end("no"))
    flows = d.flows("start > which", "which > yes [good]", "which > no [not(good)]")
    d.layer(layer, d.document(d.process(*stuck, flows, name="stuck")), name="stuck",
            policy=d.POLICY.replace('"p"', '"stuck"'))  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name in ("COMPLAINTFLOW_DATABASE_URL", "COMPLAINTFLOW_LAYERS", "COMPLAINTFLOW_APP", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str, **settings: Any) -> Result:
        return CliRunner().invoke(app, ["--layer", "layer", *words], prog_name="complaintflow", **settings)

    return call


def test_a_message_without_a_key_begins_a_case(run: Run) -> None:
    """``correlate`` needs no key where the message only begins cases; a message that nobody knows is refused."""
    [case] = json.loads(run("correlate", "letter", "-d", "text=Hello", "--json").stdout)
    assert (case["process"], case["variables"]["text"]) == ("mail", "Hello")
    refused = run("correlate", "leter")
    assert refused.exit_code == 2
    assert "no process begins with the message 'leter'" in refused.stderr
    assert "--key" in refused.stderr


def test_a_signal_begins_a_case(run: Run) -> None:
    """``broadcast`` prints the cases that heard the signal, and says so when there are none."""
    assert "Look" in run("broadcast", "fire", "-d", "floor:=3").stdout.title()
    assert "No case waits for the signal 'flood'" in run("broadcast", "flood").stdout
    assert "leave out" in run("broadcast", "fire", "--people", "people.toml", "--as", "li-wei").stderr


def test_data_begin_a_case(run: Run) -> None:
    """``evaluate`` begins a case where a start condition holds, and none where it does not."""
    [case] = json.loads(run("evaluate", "-d", "degrees:=41", "--json").stdout)
    assert case["process"] == "heat"
    assert "No start condition holds" in run("evaluate", "-d", "degrees:=40").stdout
    assert run("evaluate").exit_code == 2


def test_an_incident_is_resolved_with_data(run: Run) -> None:
    """``resolve -d`` sets the variables that were missing, and the case goes on."""
    case = json.loads(run("run", "stuck", "-d", "x=1", "--json").stdout)
    assert case["incidents"]
    done = json.loads(run("resolve", case["id"], "-d", "good:=true", "--json").stdout)
    assert (done["status"], done["incidents"]) == ("completed", [])


def test_times_say_their_zone(run: Run) -> None:
    """A case and the inbox name the zone of the times that they print."""
    assert "times in Asia/Shanghai" in run("broadcast", "fire").stdout
    assert "1 open; times in Asia/Shanghai" in run("tasks").stdout


def test_names_that_are_slips(run: Run, tmp_path: Path) -> None:
    """A process and a person that are not there are answered with those that are, before anything else is asked for."""
    assert "did you mean 'stuck'?" in run("run", "stck").stderr
    (tmp_path / "people.toml").write_text('[people.li-wei]\nname = "Li Wei"\ngroups = ["desk"]\n', encoding="utf-8")
    run("broadcast", "fire")
    refused = run("tasks", "--people", "people.toml", "--as", "liwei")
    assert "there is nobody with the id 'liwei'" in refused.stderr
    assert "did you mean 'li-wei'?" in refused.stderr
    assert "--as" in run("tasks", "--help").stdout


def test_what_is_still_our_default_is_short_and_complete(run: Run) -> None:
    """``check`` names the entries by section; --defaults adds values, clauses and reasons of each."""
    short, full = run("check", "customer").stdout, run("check", "customer", "--defaults").stdout
    assert len(short.splitlines()) < len(full.splitlines())
    assert "2 working days" in full
    assert "2 working days" not in short
    assert "carry_out" in short
    assert "deadlines.carry_out" in full


def test_no_parser_speaks_of_a_string(run: Run, tmp_path: Path) -> None:
    """XML that is not well-formed is told with the file and its line, not with where the parser had it from."""
    for name in ("x.bpmn", "x.dmn"):
        (tmp_path / name).write_text("<a>\n<b>\n</a>", encoding="utf-8")
        told = run("check", name).stdout
        assert "well-formed XML" in told
        assert "<string>" not in told


def test_digits_stay_what_was_typed(run: Run) -> None:
    """Where no form knows a field, `=` is text and says so if it could be something else; `:=` is JSON."""
    for typed in ("13800138000", "007", "1e3", "true", "null"):
        result = run("run", "stuck", "-d", f"number={typed}", "--json")
        assert json.loads(result.stdout)["variables"]["number"] == typed
        assert (f"number={typed}: taken as text; number:={typed} if it is not" in result.stderr) == (typed != "007")
    result = run("run", "stuck", "-d", "number:=13800138000", "--json")
    assert json.loads(result.stdout)["variables"]["number"] == 13800138000
    assert "taken as text" not in result.stderr
