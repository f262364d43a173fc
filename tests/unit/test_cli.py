"""The commands, called as click calls them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from cli_samples import PAYLOAD, write_layer
from click.testing import CliRunner, Result

import complaintflow.cli
from complaintflow.cli.app import COMMANDS, app
from complaintflow.cli.words import DEMO, SCREEN, TIMELINE

Run = Callable[..., Result]
ROOT = Path(__file__).resolve().parents[2]

DESK = """
from datetime import datetime, UTC
from complaintflow.time.clock import VirtualClock
from complaintflow.facade.engine import Engine
from complaintflow.handlers.registry import Handlers

desk = Handlers()

@desk.handler("look-up-order")
def look_up_order():
    return {"order": 17}

blind = Handlers()

@blind.handler("look-up-order")
def look_up_nothing(order_id):
    return {}

def at(moment, handlers=()):
    clock = VirtualClock(datetime.fromisoformat(moment))
    return Engine("sqlite:///cases.db", layers=["layer"], clock=clock, handlers=handlers)
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in an empty folder with the sample layer."""
    write_layer(tmp_path / "layer")
    monkeypatch.chdir(tmp_path)
    for name in ("COMPLAINTFLOW_DATABASE_URL", "COMPLAINTFLOW_LAYERS", "COMPLAINTFLOW_APP", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def call(*words: str, layer: bool = True, **settings: Any) -> Result:
        given = ["--layer", "layer"] if layer else []
        return CliRunner().invoke(app, [*given, *words], prog_name="complaintflow", **settings)

    return call


@pytest.fixture
def desk(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """An application with a clock that stands where it is told; returns the options that name it."""
    count = iter(range(100))

    def make(moment: str, handlers: str = "") -> list[str]:
        name = f"desk_{tmp_path.name}_{next(count)}"
        source = f'{DESK}\ndef make():\n    return at("{moment}", [{handlers}])\n'
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        return ["--app", f"{name}:make"]

    return make


def started(run: Run, *words: str) -> dict[str, Any]:
    """A fresh case of the sample, as JSON."""
    result = run("run", "sample", "--example", "--json", *words)
    assert result.exit_code == 0, result.output
    case: dict[str, Any] = json.loads(result.stdout)
    return case


# -- the program ------------------------------------------------------------------------------


def test_help_lists_every_command_and_each_explains_itself(run: Run) -> None:
    """The first page names all commands; every command has a help of its own with the same name."""
    page = run("--help").stdout
    for group in COMMANDS.values():
        for name in group:
            assert f"  {name} " in page
            own = run(name, "--help")
            assert own.exit_code == 0
            assert own.stdout.startswith(f"Usage: complaintflow {name}")


def test_help_needs_nothing_heavy() -> None:
    """No module of the command line imports the engine, SQLAlchemy or lxml before a command needs it."""
    light = {"app", "session", "look", "faults", "__init__"}
    for file in Path(complaintflow.cli.__file__).parent.glob("*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            name = node.module if isinstance(node, ast.ImportFrom) else None
            if name and name.startswith("complaintflow") and file.stem in light:
                light_ones = ("complaintflow.errors", "complaintflow.records", "complaintflow.version")
                assert name.startswith("complaintflow.cli") or name in light_ones
            assert name not in (
                "complaintflow.facade.engine",
                "complaintflow.facade.runner",
                "sqlalchemy",
                "lxml",
                "babel",
            )


def test_a_slip_of_the_keyboard_gets_the_nearest_command(run: Run) -> None:
    """An unknown command is a usage error that names what was probably meant."""
    result = run("taks")
    assert result.exit_code == 2
    assert "Did you mean 'tasks'?" in result.stderr


def test_our_own_errors_are_readable_and_end_with_2(run: Run) -> None:
    """An unknown process says what, where and what to do, without a traceback."""
    result = run("run", "smaple", "--example")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == "Error: there is no process 'smaple'"
    assert "where: layer" in result.stderr
    assert "did you mean 'sample'?" in result.stderr
    assert "Traceback" not in result.output


def test_defects_are_one_line_with_an_id_and_end_with_3(run: Run, tmp_path: Path) -> None:
    """An unforeseen error names its id and a private file with the traceback; --debug lets it through."""
    (tmp_path / "broken_desk.py").write_text("def make():\n    return 1 / 0\n", encoding="utf-8")
    result = run("--app", "broken_desk:make", "tasks", layer=False)
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 1
    log = Path(result.stderr.split("details: ")[1].strip())
    assert log.stem.removeprefix("complaintflow-") in result.stderr
    assert "ZeroDivisionError" in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o077 == 0
    assert isinstance(run("--debug", "--app", "broken_desk:make", "tasks", layer=False).exception, ZeroDivisionError)


@pytest.mark.parametrize("place", ["nowhere:make", "json:nothing", "json:dumps_", "json", ":x", "json:decoder"])
def test_an_application_that_is_none_is_refused(run: Run, place: str) -> None:
    """--app names a module and something in it that is an engine or makes one."""
    result = run("--app", place, "tasks", layer=False)
    assert result.exit_code == 2
    assert f"--app {place}" in result.stderr
    assert "write --app module:name" in result.stderr or place == "json:decoder"
    assert "attribute ''" not in result.stderr


def test_shared_options_stand_before_or_behind_the_command(run: Run) -> None:
    """``--database`` and ``--layer`` work on either side, and the environment does not win over them."""
    started(run, "--database", "sqlite:///other.db")
    assert json.loads(run("--database", "sqlite:///other.db", "tasks", "--json").stdout)
    inner = run("processes", "--json", "--layer", "layer", layer=False, env={"COMPLAINTFLOW_LAYERS": "/nowhere"})
    assert "sample" in inner.stdout


def test_looking_makes_no_database(run: Run) -> None:
    """A command that only reads says that there is nothing, and leaves no file behind."""
    for command in (["tasks"], ["show", "x"], ["incidents"], ["complete", "x", "y"], ["correlate", "m", "--key", "k"]):
        result = run(*command)
        assert result.exit_code == 2
        assert "there are no cases yet" in result.stderr
    assert not Path("complaintflow.db").exists()


def test_colours_only_where_they_are_seen(run: Run) -> None:
    """A pipe gets plain text, a terminal colours, and NO_COLOR is obeyed."""
    assert "\x1b" not in run("processes").output
    assert "\x1b" in run("processes", color=True).output
    assert "\x1b" not in run("processes", color=True, env={"NO_COLOR": "1"}).output


# -- starting and completing ------------------------------------------------------------------


def test_run_prints_the_case_what_it_waits_for_and_until_when(run: Run, desk: Callable[..., list[str]]) -> None:
    """The first command of the README: case, task, group, deadline, next command."""
    result = run(*desk("2026-09-28T10:00+08:00"), "run", "sample", "--example", layer=False)
    assert result.exit_code == 0
    assert "Sample complaints" in result.stdout
    assert "Find the cause  kitchen-manager  until Thu 8 Oct 2026 24:00  in 10 days" in result.stdout
    assert "Time nearly up  Wed 30 Sep 2026 24:00" in result.stdout
    assert "investigate" in result.stdout.split("Next: ")[1]


def test_the_payload_comes_from_a_file_a_pipe_or_fields(run: Run, tmp_path: Path) -> None:
    """All roads give the same case; fields are laid over what the file says."""
    (tmp_path / "payload.json").write_text(json.dumps(PAYLOAD), encoding="utf-8")
    by_file = json.loads(run("run", "sample", "payload.json", "--json").stdout)
    by_pipe = json.loads(run("run", "sample", "-", "--json", input=json.dumps(PAYLOAD)).stdout)
    by_field = json.loads(run("run", "sample", "-d", "channel=phone", "-d", "content=Cold.", "--json").stdout)
    assert by_file["variables"] == by_pipe["variables"]
    assert by_field["variables"]["content"] == "Cold."
    assert started(run, "-d", "content=Colder.")["variables"]["content"] == "Colder."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "sample"], "complaintflow run sample --example"),
        (["run", "sample", "x.json", "--example"], "not both"),
        (["run", "sample", "x.json"], "cannot be read"),
        (["run", "sample", "-d", "channel=pigeon"], "channel:"),
        (["run", "sample", "--example", "-d", "case=x"], "case"),
        (["run", "sample", "--example", "--database", "mysql://x/y"], "sqlite:///file.db"),
        (["run", "sample", "--example", "--layer", "nowhere"], "a layer is not a folder"),
    ],
)
def test_bad_payloads_are_explained(run: Run, words: list[str], said: str) -> None:
    """Each mistake has its sentence, ends with 2, and starts nothing."""
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not Path("complaintflow.db").exists() or json.loads(run("tasks", "--json").stdout) == []


def test_a_key_is_taken_once(run: Run) -> None:
    """The second case with the same key is refused."""
    started(run, "--key", "order-17")
    result = run("run", "sample", "--example", "--key", "order-17")
    assert result.exit_code == 2
    assert "order-17" in result.stderr


@pytest.mark.parametrize("how", ["case and element", "short task", "full task"])
def test_a_task_is_named_as_people_name_it(run: Run, how: str) -> None:
    """By case and element, or by its id, long or short."""
    case = started(run)
    task = case["tasks"][0]["id"]
    names = {
        "case and element": [case["id"][:8], "investigate"],
        "short task": [task.replace(case["id"], case["id"][:8])],
        "full task": [task],
    }
    result = run("complete", *names[how], "-d", "justified=true", "-d", "cause=Food", "--actor", "li.wei", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["status"] == "completed"


def test_completing_with_a_file(run: Run, tmp_path: Path) -> None:
    """The data may come from a file behind the task."""
    case = started(run)
    (tmp_path / "answer.json").write_text('{"justified": false, "cause": "none"}', encoding="utf-8")
    result = run("complete", case["id"], "investigate", "answer.json")
    assert result.exit_code == 0, result.output
    assert "it also hears: appeal" in result.stdout


def test_completing_with_pairs_as_they_are_typed(run: Run) -> None:
    """Fields may be written key=value without an option, and an option by the beginning of its label."""
    case = started(run)
    result = run("complete", case["id"], "investigate", "justified=true", "cause=foo", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["variables"]["cause"] == "food"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{case}", "investigate"], "cause:"),
        (["{case}", "negotiate"], "open now: investigate"),
        (["{case}.99"], "no such task"),
        (["{case}"], "give a task id, or a case and an element"),
        (["nothing", "investigate"], "no case"),
        (["{case}", "investigate", "a.json", "b.json"], "at most one file"),
        (["{case}", "investigate", "missing.json"], "cannot be read"),
    ],
)
def test_a_task_that_cannot_be_completed_stays_open(run: Run, words: list[str], said: str) -> None:
    """Every refusal ends with 2 and leaves the task where it was."""
    case = started(run)
    result = run("complete", *(word.format(case=case["id"]) for word in words))
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(json.loads(run("tasks", "--json").stdout)) == 1


def test_completing_twice_is_refused(run: Run) -> None:
    """The second completion says that the task is no longer open."""
    case = started(run)
    words = ["complete", case["tasks"][0]["id"], "-d", "justified=true", "-d", "cause=food"]
    assert run(*words).exit_code == 0
    result = run(*words)
    assert result.exit_code == 2
    assert "the task is no longer open" in result.stderr


# -- looking ----------------------------------------------------------------------------------


def test_the_inbox_is_filtered(run: Run, desk: Callable[..., list[str]]) -> None:
    """By group, person, process, and by a day in the zone of the case."""
    at = [*desk("2026-09-28T10:00+08:00")]
    assert run(*at, "run", "sample", "--example", layer=False).exit_code == 0

    def count(*words: str) -> int:
        return len(json.loads(run(*at, "tasks", "--json", *words, layer=False).stdout))

    assert count() == 1
    assert count("--role", "kitchen-manager", "--role", "other") == 1
    assert count("--role", "other") == 0
    assert count("--user", "li.wei") == 0
    assert count("--process", "broken") == 0
    assert count("--due-before", "2026-10-09") == 0  # it ends with 8 October, which is 9 October, 0:00
    assert count("--due-before", "2026-10-09T00:01") == 1
    assert count("--due-before", "2026-10-08T16:00:01+00:00") == 1
    assert run(*at, "tasks", "--due-before", "tomorrow", layer=False).exit_code == 2
    page = run(*at, "tasks", layer=False).stdout
    assert "Thu 8 Oct 2026 24:00  in 10 days" in page
    assert page.rstrip().endswith("1 open; times in Asia/Shanghai")


def test_a_day_in_the_inbox_is_the_day_where_the_case_is(
    run: Run, desk: Callable[..., list[str]], tmp_path: Path
) -> None:
    """In New York the eighth ends at four in the morning of the ninth, UTC: that is still before the ninth, 0:01."""
    policy = tmp_path / "layer/processes/sample/policy.toml"
    text = policy.read_text(encoding="utf-8").replace("\n\n", '\nzone = "America/New_York"\ncountry = "none"\n\n', 1)
    policy.write_text(text, encoding="utf-8")
    at = desk("2026-10-05T10:00-04:00")
    run(*at, "run", "sample", "--example", layer=False)
    for moment, count in (("2026-10-09", 0), ("2026-10-09T00:01", 1)):
        page = run(*at, "tasks", "--due-before", moment, "--json", layer=False).stdout
        assert len(json.loads(page)) == count


def test_a_long_inbox_says_so(run: Run) -> None:
    """More tasks than --limit allows are announced."""
    started(run)
    started(run)
    page = run("tasks", "--limit", "1").stdout
    assert "1 open, and there are more" in page
    assert run("tasks", "--process", "broken").stdout == "Nothing is open.\n"


def test_show_tells_the_case(run: Run) -> None:
    """Who did what when, what it brought, and what the case waits for; found by its key."""
    case = started(run, "--key", "order-17", "--actor", "hotline")
    run("complete", case["id"], "investigate", "-d", "cause=none", "--actor", "li.wei")
    page = run("show", "order-17").stdout
    assert "times in Asia/Shanghai" in page
    assert "Started  hotline" in page
    assert "What happened? The soup arrived cold, twice." in page
    assert "Acknowledge receipt: notice 'receipt', kept for collection" in page
    assert "Find the cause  li.wei" in page
    assert "it also hears: appeal" in page
    assert "opened: Appeal received" in run("show", "order-17", "-v").stdout
    assert "Your number is" in run("show", "order-17", "--notices").stdout


def test_show_speaks_chinese(run: Run) -> None:
    """With --language zh, or on a Chinese terminal, labels and sentences are Chinese."""
    started(run, "--key", "k")
    for page in (run("--language", "zh", "show", "k").stdout, run("show", "k", env={"LANG": "zh_CN.UTF-8"}).stdout):
        assert "查明原因" in page
        assert "立案" in page


def test_a_chinese_page_has_no_english_word_of_ours(run: Run) -> None:
    """Of the commands about a case only names that one types, and what a table gave, are not Chinese."""
    chinese = ("--language", "zh", "--database", "sqlite:///cn.db")
    began = run(*chinese, "run", "customer", "--example", layer=False)
    assert began.stdout.startswith("案件 ")
    short = began.stdout.split()[1]
    pages = [
        began.stdout,
        run(*chinese, "tasks", layer=False).stdout,
        run(*chinese, "complete", short, "investigate", "justified=true", "cause=food", layer=False).stdout,
        run(*chinese, "show", short, layer=False).stdout.split("投诉内容")[0],
        run(*chinese, "show", short, layer=False).stdout.split("等待", 1)[1],
        run(*chinese, "incidents", layer=False).stdout,
    ]
    typed = r"complaintflow .*|Asia/Shanghai|“[a-z-]+”|[0-9a-f]{8,32}(\.\d+)?|customer|确定责任部门：.*"
    said = re.sub(typed, "", "\n".join(pages))
    assert re.findall(r"[A-Za-z]{2,}", said) == []
    assert "零售顾客投诉" in said
    assert "餐饮后厨" in said


def test_the_words_are_the_same_in_both_languages() -> None:
    """No sentence is missing in one language, and each has the same places to fill in."""
    for words in (SCREEN, TIMELINE, DEMO):
        assert words["en"].keys() == words["zh"].keys()
        for name, text in words["en"].items():
            assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", words["zh"][name])), name


def test_show_as_json_has_everything(run: Run) -> None:
    """State, history and notices, with times that carry their offset."""
    case = started(run)
    shown = json.loads(run("show", case["id"][:6], "--json").stdout)
    assert shown["waiting_for"] == ["investigate"]
    events = [event["event"] for event in shown["history"]]
    assert [event for event in events if event not in ("promised", "fact")] == ["started", "job-done"]
    promise = next(event for event in shown["history"] if event["event"] == "promised")
    assert (promise["counted"], datetime.fromisoformat(promise["value"]).tzinfo) == ("sample/answer", UTC)
    assert shown["notices"][0]["subject"] == "We have your complaint"
    assert shown["zone"] == "Asia/Shanghai"
    assert datetime.fromisoformat(shown["tasks"][0]["due_at"]).tzinfo is not None


def test_provisional_dates_are_marked(run: Run, desk: Callable[..., list[str]]) -> None:
    """A deadline in a year without official holidays says that it may still move."""
    at = desk("2027-12-29T10:00+08:00")
    run(*at, "run", "sample", "--example", "--key", "k", layer=False)
    page = run(*at, "show", "k", layer=False).stdout
    assert ", provisional" in page
    assert "the official holidays of that year are not published yet" in page


def test_a_deadline_that_outlives_its_promise_is_told(run: Run, desk: Callable[..., list[str]], tmp_path: Path) -> None:
    """The conflict is in the timeline the moment it opens."""
    policy = tmp_path / "layer/processes/sample/policy.toml"
    text = policy.read_text(encoding="utf-8").replace('within = "2 working days"', 'within = "5 working days"')
    policy.write_text(text, encoding="utf-8")
    at = desk("2026-09-28T10:00+08:00")
    run(*at, "run", "sample", "--example", "--key", "k", layer=False)
    page = run(*at, "show", "k", layer=False).stdout
    assert "The deadline 'reminder' would end after the promise 'answer' around it" in page
    assert "promised until Thu 8 Oct 2026 24:00" in page


def test_what_a_reporter_wrote_cannot_reach_the_terminal(run: Run) -> None:
    """Control characters in a complaint are shown, not obeyed."""
    case = started(run, "-d", 'content:="\\u001b[2Jgone\\u0007"', "--key", "k")
    page = run("show", case["id"], color=True).stdout
    assert "\x1b[2J" not in page
    assert "\ufffd[2Jgone\ufffd" in page


def test_overdue_work_without_a_worker_is_announced(run: Run, desk: Callable[..., list[str]]) -> None:
    """run, show and tasks say when a deadline passes unseen; a worker settles it."""
    run(*desk("2026-09-28T10:00+08:00"), "run", "sample", "--example", "--key", "k", layer=False)
    late = desk("2026-10-09T09:00+08:00")
    for words in (["tasks"], ["show", "k"]):
        result = run(*late, *words, layer=False)
        assert "no worker is alive: run `complaintflow worker`" in result.stderr
    assert "late" in run(*late, "tasks", layer=False).stdout
    assert run(*late, "worker", "--once", layer=False).stdout == "1 timer fired, 0 jobs run\n"
    page = run(*late, "show", "k", layer=False)
    assert "no worker" not in page.stderr
    assert "Time nearly up: the time came" in page.stdout


# -- messages, incidents, worker --------------------------------------------------------------


def test_a_message_reaches_its_case(run: Run) -> None:
    """correlate delivers data under the key; a message that nobody waits for is refused."""
    case = started(run, "--key", "order-17")
    run("complete", case["id"], "investigate", "-d", "cause=none")
    assert run("correlate", "appeal", "--key", "other").exit_code == 2
    result = run("correlate", "appeal", "--key", "order-17", "-d", "reason=again", "--json")
    assert json.loads(result.stdout)[0]["status"] == "completed"
    assert json.loads(result.stdout)[0]["variables"]["reason"] == "again"


def test_incidents_say_what_to_do_and_are_cleared(run: Run, desk: Callable[..., list[str]]) -> None:
    """A handler that cannot work makes an incident; with a better one there, resolving it goes on."""
    assert run("incidents", "--database", "sqlite://").stdout == "No incident is open.\n"
    at = desk("2026-09-28T10:00+08:00", "blind")
    run(*at, "run", "broken", "--example", layer=False)
    page = run(*at, "incidents", layer=False).stdout
    assert "wants 'order_id'" in page
    incident = json.loads(run(*at, "incidents", "--json", layer=False).stdout)[0]
    case = incident["case_id"]
    assert f"complaintflow resolve {case[:8]}.2" in page
    assert run(*at, "resolve", f"{case}.9", layer=False).exit_code == 2
    ready = desk("2026-09-28T12:00+08:00", "desk")
    result = run(*ready, "resolve", case[:8], "--actor", "admin", "--json", layer=False)
    assert json.loads(result.stdout)["status"] == "completed"
    assert run(*ready, "resolve", case[:8], layer=False).exit_code == 2
    assert "incident cleared  admin" in run(*ready, "show", case, layer=False).stdout


# -- definitions ------------------------------------------------------------------------------


def test_a_missing_handler_points_to_the_application(run: Run) -> None:
    """A process that needs code of one's own says how the command line gets it."""
    result = run("run", "broken", "--example")
    assert result.exit_code == 2
    assert "--app module:engine" in result.stderr


def test_processes_name_their_layers(run: Run) -> None:
    """Every process with its title and the layers it is made of."""
    found = {one["id"]: one for one in json.loads(run("processes", "--json").stdout)}
    assert found["sample"] == {
        "id": "sample", "title": "Sample complaints", "source": "a sample", "layers": ["layer"], "example": True,
    }  # fmt: skip
    assert found["customer"]["layers"] == ["complaintflow"]
    assert "complaintflow run customer --example" in run("processes").stdout


def test_feel_evaluates_and_explains(run: Run, tmp_path: Path) -> None:
    """A value on standard output, reasons for null on standard error, mistakes with a caret."""
    (tmp_path / "c.json").write_text('{"costs": [{"amount": 1.10}, {"amount": 2}]}', encoding="utf-8")
    assert run("feel", "sum(costs.amount)", "--context", "c.json").stdout == "3.1\n"
    assert run("feel", "=a.b + 1", "-d", "a.b:=2", "--json").stdout == "3\n"
    assert run("feel", "[1..5], > 10", "--unary", "12").stdout == "true\n"
    assert run("feel", 'date("2026-01-31") + duration("P1M")').stdout == "2026-02-28\n"
    nothing = run("feel", "missing + 1")
    assert nothing.stdout == "null\n"
    assert "missing" in nothing.stderr
    wrong = run("feel", "1 +")
    assert wrong.exit_code == 2
    assert "^" in wrong.stderr
    assert run("feel", input="1 + 1\n\n)\nx = null\n").stdout == "2\ntrue\n"


def test_demo_plays_to_the_end(run: Run) -> None:
    """The sample's script: sentences, dates over the holiday week, who does what, and how it ended."""
    page = run("demo", "sample").stdout
    assert "A customer calls." in page
    assert "Find the cause (kitchen-manager), until Thu 8 Oct 2026 24:00" in page
    assert "Wed 30 Sep 2026\n    24:00 ◷ Time nearly up: the time came" in page
    assert "The case is completed after 10 days." in page
    chinese = run("--language", "zh", "demo", "sample").stdout
    assert "一位顾客来电。" in chinese
    assert "查明原因" in chinese
    assert not Path("complaintflow.db").exists()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_shipped_demonstration_plays(run: Run, language: str) -> None:
    """The customer's demonstration runs to its end in both languages, with a sentence for each in both."""
    result = run("--language", language, "demo", "--notices", layer=False)
    assert result.exit_code == 0, result.output
    assert {"en": "The case is completed", "zh": "案件已办结"}[language] in result.stdout
    script = json.loads((ROOT / "processes/customer/demo.json").read_text(encoding="utf-8"))
    assert all(step.get("say", {"en": 1, "zh": 1}).keys() == {"en", "zh"} for step in script)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("{}", "not a list of steps"),
        ("[", "not JSON"),
        ("[1]", "a step is an object"),
        ('[{"advance": {"days": 1}}]', "in its first step"),
        ('[{"start": "example", "complete": "x"}]', "exactly one of"),
        ('[{"start": "example"}, {"advance": {"weeks": 1}}]', "step 2"),
        ('[{"start": "example"}, {"complete": "negotiate"}]', "step 2"),
        ('[{"start": "example"}, {"complete": "investigate", "dta": {}}]', "no 'dta'"),
        ('[{"start": "example", "at": "yesterday"}]', "step 1"),
        ('[{"start": "example"}, {"advance": {"days": "x"}}]', "step 2"),
    ],
)
def test_a_script_that_cannot_be_played_says_which_step(run: Run, tmp_path: Path, script: str, said: str) -> None:
    """Mistakes in demo.json end with 2 and name the file and the step."""
    (tmp_path / "layer/processes/sample/demo.json").write_text(script, encoding="utf-8")
    result = run("demo", "sample")
    assert result.exit_code == 2
    assert said in result.stderr
    assert "demo.json" in result.stderr


def test_init_writes_a_layer_that_changes_nothing(run: Run, tmp_path: Path) -> None:
    """The new layer passes the check, every value is there and commented out, and nothing is overwritten."""
    assert run("init", "mine", "--from", "sample").exit_code == 0
    text = (tmp_path / "mine/processes/sample/policy.toml").read_text(encoding="utf-8")
    assert all(line.startswith("#") or not line for line in text.splitlines())
    before = json.loads(run("show", started(run)["id"], "--json").stdout)
    result = run("--layer", "mine", "check", "sample", "--json")
    assert result.exit_code == 0
    assert not [one for one in json.loads(result.stdout)[0]["findings"] if one["severity"] == "error"]
    assert before["waiting_for"] == ["investigate"]
    assert run("init", "mine", "--from", "sample").exit_code == 2
    assert run("init", "other", "--from", "smaple").exit_code == 2


def test_an_uncommented_value_changes_the_case_and_nothing_else(run: Run, tmp_path: Path) -> None:
    """One number in the new layer moves the deadline; the check then no longer calls it our default."""
    run("init", "mine", "--from", "sample")
    file = tmp_path / "mine/processes/sample/policy.toml"
    text = file.read_text(encoding="utf-8")
    for line in ("[deadlines.reminder]", 'within = "2 working days"', 'from = "document"'):
        assert f"#{line}" in text
        text = text.replace(f"#{line}", line, 1)
    file.write_text(text.replace('within = "2 working', 'within = "1 working', 1), encoding="utf-8")
    case = json.loads(run("run", "sample", "--example", "--json", "--layer", "mine", "--layer", "layer").stdout)
    assert case["timers"][0]["deadline"] == "reminder"
    report = json.loads(run("check", "sample", "--json", "--layer", "mine", "--layer", "layer").stdout)[0]
    assert report["defaults"] == []
    assert set(report["parts"]) >= {"mine", "layer"}


def test_init_translates_diagrams(run: Run, tmp_path: Path) -> None:
    """With --language zh the diagram carries Chinese labels and is otherwise the same."""
    result = run("init", "mine", "--from", "sample", "--language", "zh")
    assert result.exit_code == 0
    diagram = (tmp_path / "mine/processes/sample/sample.bpmn").read_text(encoding="utf-8")
    assert 'name="查明原因"' in diagram
    assert 'name="是"' in diagram
    assert 'name="Justified?"' in diagram
    case = json.loads(run("run", "sample", "--example", "--json", "--layer", "mine", "--layer", "layer").stdout)
    assert case["tasks"][0]["name"] == "查明原因"
    assert case["waiting_for"] == ["investigate"]


def test_trace_joins_clauses_elements_and_tests(run: Run, tmp_path: Path) -> None:
    """Each clause with its elements, forms, policy entries and tests; what has none is named."""
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_sample.py").write_text('def test_answer() -> None:\n    """S-2.b in time."""\n', encoding="utf-8")
    (tests / "test_broken.py").write_text("def (", encoding="utf-8")
    found = json.loads(run("trace", "sample", "--tests", "tests", "--json").stdout)[0]
    clauses = {clause["id"]: clause for clause in found["clauses"]}
    named = ["investigate", "form sample-investigate: remark", "policy roles.kitchen_manager"]
    assert clauses["S-2.a"]["elements"] == named
    assert clauses["S-2.b"]["tests"] == ["test_sample.py::test_answer"]
    assert clauses["S-3"]["elements"] == ["yes"]
    assert clauses["S-9"]["elements"] == []
    page = run("trace", "sample", "--missing").stdout
    assert "S-9" in page
    assert "S-1" not in page
    assert "4 of 5 clauses have an element" in page


def test_trace_refuses_what_the_list_does_not_know(run: Run, tmp_path: Path) -> None:
    """An element that names an unlisted clause is an error; so is a list that is missing or has no columns."""
    file = tmp_path / "layer/processes/sample/clauses.csv"
    file.write_text("id,kind,paraphrase\nS-1,notify,Acknowledge\n", encoding="utf-8")
    result = run("trace", "sample")
    assert result.exit_code == 1
    assert "S-2.a  investigate" in result.stdout
    file.write_text("clause\n", encoding="utf-8")
    assert run("trace", "sample").exit_code == 2
    assert run("trace", "broken").exit_code == 2


def test_the_clock_is_not_read_in_the_command_line() -> None:
    """Time comes from the engine's clock, or from SystemClock where there is no engine."""
    for file in Path(complaintflow.cli.__file__).parent.glob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert "datetime.now(" not in text
        assert "time.time(" not in text


def test_today_is_utc_in_stored_times(run: Run) -> None:
    """What --json prints of times can be compared with any other aware time."""
    case = started(run)
    assert datetime.fromisoformat(case["created_at"]) <= datetime.now(UTC)


def test_commands_are_click_commands() -> None:
    """Every entry of the table leads to a command of that name."""
    context = click.Context(app)
    for group in COMMANDS.values():
        for name in group:
            command = app.get_command(context, name)
            assert command is not None
            assert command.name == name
