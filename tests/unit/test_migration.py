"""Running cases move to another version of their definition, or it is said why they cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import complaintflow.processes
from complaintflow import BusinessError, Handlers
from complaintflow.errors import InvalidData
from complaintflow.facade.views import Case
from complaintflow.migration.batch import Migration, Position
from complaintflow.testing import Workbench
from tests import diagrams as d


class Versions:
    """One database, and a workbench for each version of its layer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        self.handlers = Handlers()
        self.bench: Workbench

    def use(self, *parts: str, policy: str = d.POLICY, also: tuple[str, ...] = (), **files: str) -> Workbench:
        """A workbench with this version."""
        self.count += 1
        layer = d.layer(
            self.folder / f"layer{self.count}", d.document(d.process(*parts), *also), policy=policy, **files
        )
        now = self.bench.now if self.count > 1 else None
        url = f"sqlite:///{self.folder}/cases.db"
        self.bench = Workbench(layers=[layer], database=url, handlers=[self.handlers], now=now)
        return self.bench


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Versions:
    """An empty database."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Versions(tmp_path)


ASK = (d.start(), d.user("ask"), d.end(), d.flows("start > ask > end"))


def nothing() -> None:
    """A handler that brings nothing."""


def at(done: Migration, element: str) -> Position:
    """The one position at an element."""
    (found,) = [one for one in done.positions if one.element == element]
    return found


def test_a_case_goes_on_in_the_new_diagram(versions: Versions) -> None:
    """A case that stands at a task is moved, says so in its history, and goes the new way from there."""
    case = versions.use(*ASK).start("p")
    old = versions.bench.engine.bundle(case.id).digest
    bench = versions.use(d.start(), d.user("ask"), d.user("check"), d.end(), d.flows("start > ask > check > end"))
    rehearsed = bench.engine.migrate("p", dry_run=True)
    assert (rehearsed.safe, rehearsed.moved, at(rehearsed, "ask").verdict) == (1, 0, "safe")
    assert bench.engine.bundle(case.id).digest == old
    done = bench.engine.migrate("p", actor="li.wei")
    assert (done.moved, done.safe) == (1, 1)
    event = bench.engine.history(case.id)[-1]
    assert (event.event, event.actor) == ("migrated", "li.wei")
    assert (event.detail["from"], event.detail["to"]) == (old, done.to)
    assert bench.complete(case, "ask").waiting_for == ["check"]
    assert bench.engine.verify().whole
    again = bench.engine.migrate("p")
    assert (again.moved, again.already) == (0, 1)


def test_a_renamed_element_is_mapped_and_its_rows_follow(versions: Versions) -> None:
    """With a map the task, its timer and what is due keep what they have under the new names."""
    late = d.timer(duration="P2D")
    bench = versions.use(
        d.start(), d.user("ask", groups='=["desk"]', due='deadline("answer", now())'),
        d.boundary("late", "ask", late, interrupting=False), d.end(), d.end("told"),
        d.flows("start > ask > end", "late > told"),
    )  # fmt: skip
    case = bench.start("p")
    bench.engine.claim(case.tasks[0].id, "li.wei")
    bench = versions.use(
        d.start(), d.user("enquire", groups='=["other"]'), d.boundary("overdue", "enquire", late, interrupting=False),
        d.end(), d.end("told"), d.flows("start > enquire > end", "overdue > told"),
    )  # fmt: skip
    blocked = bench.engine.migrate("p")
    assert (blocked.blocked, blocked.moved) == (1, 0)
    assert at(blocked, "ask").reasons == ("the element is gone",)
    mapping = {"ask": "enquire", "late": "overdue"}
    done = bench.engine.migrate("p", mapping=mapping)
    assert (done.moved, at(done, "ask").to) == (1, "enquire")
    assert "it keeps its candidate groups" in at(done, "ask").remarks
    moved = bench.case(case.id)
    assert (moved.tasks[0].element, moved.tasks[0].due_at) == ("enquire", case.tasks[0].due_at)
    assert (moved.tasks[0].groups, moved.tasks[0].assignee) == (("desk",), "li.wei")
    assert [(one.element, one.due_at) for one in moved.timers] == [("overdue", case.timers[0].due_at)]
    assert bench.engine.history(case.id)[-1].detail["map"] == mapping
    again = bench.engine.migrate("p", mapping=mapping)  # as after an interruption
    assert (again.moved, again.already) == (0, 1)
    bench.advance(days=3)
    assert bench.case(case.id).timers == ()
    assert bench.complete(case, "enquire").status == "completed"


def test_a_map_that_does_not_fit_is_refused(versions: Versions) -> None:
    """A name that neither diagram has, or two elements that would become one, are refused before any case is read."""
    versions.use(*ASK).start("p")
    bench = versions.use(d.start(), d.user("ask"), d.user("more"), d.end(), d.flows("start > ask > more > end"))
    for mapping in ({"aks": "ask"}, {"ask": "aks"}, {"ask": "end", "start": "end"}):
        with pytest.raises(InvalidData):
            bench.engine.migrate("p", mapping=mapping)


BLOCKED: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "kind": (
        ASK,
        (d.start(), d.service("ask", "work"), d.end(), d.flows("start > ask > end")),
        "it was a user task and is a job task",
    ),
    "scope": (
        ASK,
        (
            d.start(), d.sub("around", d.start("in"), d.user("ask"), d.end("out"), d.flows("in > ask > out")), d.end(),
            d.flows("start > around > end"),
        ),
        "the element is in another sub-process or process now",
    ),
    "loop": (
        ASK,
        (d.start(), d.user("ask", loop=d.multi("[1]", "one")), d.end(), d.flows("start > ask > end")),
        "it was done once and is a parallel multi-instance",
    ),
    "event": (
        (d.start(), d.catch("wait", d.timer(duration="P1D")), d.end(), d.flows("start > wait > end")),
        (d.start(), d.catch("wait", d.event("signal", "s")), d.end(), d.flows("start > wait > end")),
        "it waited for a timer and waits for a signal",
    ),
    "join": (
        (
            d.start(), d.gateway("parallel", "a"), d.user("ask"), d.script("quick", "x", "1"),
            d.gateway("parallel", "b"),
            d.end(), d.flows("start > a > ask > b > end", "a > quick > b"),
        ),
        (
            d.start(), d.gateway("parallel", "a"), d.user("ask"), d.script("quick", "x", "1"),
            d.gateway("parallel", "b"),
            d.script("then", "y", "1"), d.end(), d.flows("start > a > ask > b > end", "a > quick > then > b"),
        ),
        "that has come here is gone",
    ),
    "mark": (
        (d.start(), d.user("ask", extension=d.properties(decides="ruling")), d.end(), d.flows("start > ask > end")),
        ASK,
        'the mark decides="ruling" is gone',
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BLOCKED)
def test_what_cannot_stand_there_is_blocked(versions: Versions, case: str) -> None:
    """Another kind, scope, loop, event, join, or a guard that is gone: the case stays there, and it is said why."""
    before, after, reason = BLOCKED[case]
    versions.handlers.handler("work")(nothing)
    signal = (d.signal("s", "s"),)
    started = versions.use(*before, also=signal).start("p")
    bench = versions.use(*after, also=signal)
    done = bench.engine.migrate("p")
    assert (done.blocked, done.moved) == (1, 0)
    assert any(reason in one for position in done.positions for one in position.reasons), done.positions
    assert done.positions[0].examples == (started.id,)
    assert bench.engine.history(started.id)[-1].event != "migrated"


def test_data_that_the_new_way_reads_are_missed(versions: Versions) -> None:
    """A variable that the new way reads and nobody gives is named; with data the case is moved."""
    case = versions.use(*ASK).start("p", given=1)
    bench = versions.use(
        d.start(), d.user("ask", extension=d.io(outputs={"seen": "1"})),
        d.script("grade", "grade", "severity + given + seen"), d.end(), d.flows("start > ask > grade > end"),
    )  # fmt: skip
    done = bench.engine.migrate("p")
    assert (done.missing, done.moved) == (1, 0)
    assert at(done, "ask").reasons == ("'grade' reads 'severity', which the case lacks",)
    done = bench.engine.migrate("p", data={"severity": 2, "given": 9})
    assert (done.moved, done.missing) == (1, 0)
    assert bench.engine.history(case.id)[-1].detail["data"] == {"severity": 2}
    assert bench.complete(case, "ask").variables["grade"] == 4


def test_missing_data_can_be_accepted(versions: Versions) -> None:
    """Whoever says so moves cases that lack data too."""
    versions.use(*ASK).start("p")
    bench = versions.use(
        d.start(), d.user("ask", extension=d.io(outputs={"seen": "1"})), d.script("grade", "grade", "severity"),
        d.end(),
        d.flows("start > ask > grade > end"),
    )  # fmt: skip
    assert bench.engine.migrate("p", accept_missing=True).moved == 1


def test_what_somebody_on_the_way_gives_is_not_missed(versions: Versions) -> None:
    """A variable that a handler, or a script before the reader, brings is not missed."""
    versions.handlers.handler("work")(nothing)
    versions.use(*ASK).start("p")
    bench = versions.use(
        d.start(), d.user("ask", extension=d.io(outputs={"seen": "1"})), d.script("rate", "severity", "3"),
        d.script("grade", "grade", "severity"), d.service("work", "work"), d.script("more", "more", "brought"), d.end(),
        d.flows("start > ask > rate > grade > work > more > end"),
    )  # fmt: skip
    assert bench.engine.migrate("p", dry_run=True).safe == 1


def test_a_decision_that_was_not_made_is_missed(versions: Versions) -> None:
    """Where the new diagram guards a promise by a decision that lies behind the case, the case would wait for ever."""
    promise = d.service("tell", "notify", extension=d.properties(commits="ruling"))
    versions.handlers.handler("notify")(nothing)
    versions.use(d.start(), d.user("rule"), d.user("ask"), d.end(), d.flows("start > rule > ask > end"))
    behind = versions.bench.start("p")
    versions.bench.complete(behind, "rule")
    before = versions.bench.start("p")
    bench = versions.use(
        d.start(), d.user("rule", extension=d.properties(decides="ruling")), d.user("ask"), promise, d.end(),
        d.flows("start > rule > ask > tell > end"),
    )  # fmt: skip
    done = bench.engine.migrate("p")
    assert (done.moved, done.missing) == (1, 1)
    assert "was not made" in at(done, "ask").reasons[0]
    assert bench.case(before.id).complete("rule").waiting_for == ["ask"]


def test_attached_events_come_and_go(versions: Versions) -> None:
    """A new boundary timer and a new event sub-process begin to wait; those that are gone stop."""
    versions.use(
        d.start(), d.user("ask"), d.boundary("old", "ask", d.timer(duration="P1D")), d.end(), d.end("late"),
        d.flows("start > ask > end", "old > late"),
    )  # fmt: skip
    case = versions.bench.start("p")
    body = d.sub(
        "body", d.start("heard", d.event("message", "m"), isInterrupting="false"), d.user("look"), d.end("seen"),
        d.flows("heard > look > seen"), event=True,
    )  # fmt: skip
    bench = versions.use(
        d.start(), d.user("ask"), d.boundary("new", "ask", d.timer(duration="P9D"), interrupting=False), d.user("urge"),
        body, d.end(), d.end("late"), d.flows("start > ask > end", "new > urge > late"),
        also=(d.message("m", "m"),),
    )  # fmt: skip
    done = bench.engine.migrate("p")
    assert at(done, "ask").remarks == ("'old' is not waited for any more",)
    moved = bench.case(case.id)
    assert ([one.element for one in moved.timers], moved.messages) == (["new"], ("m",))
    bench.engine.correlate("m", key=case.id)
    bench.advance(days=10)
    assert sorted(bench.case(case.id).waiting_for) == ["ask", "look", "urge"]


def test_what_leaves_takes_its_large_values_along(versions: Versions) -> None:
    """An event that is stuck and gone in the new diagram leaves no row of what it had brought."""

    @versions.handlers.handler("work")
    def work() -> None:
        raise BusinessError("E1", variables={"cargo": "y" * 30_000})

    ways = (d.start(), d.gateway("parallel", "g"), d.user("ask"), d.service("s", "work"), d.end("done"))
    caught = d.boundary("b", "s", d.event("error", "err"), extension=d.io({}, {"got": "1"}))
    drawn = (*ways, caught, d.user("never"), d.flows("start > g > ask", "g > s > done", "b > never [false]"))
    bench = versions.use(*drawn, also=(d.error("err", "E1"),))
    case = bench.start("p", big="x" * 30_000)
    assert stored_values(bench, case) == {"1/big", "2/cargo"}
    bench = versions.use(*ways, d.flows("start > g > ask", "g > s > done"))
    assert bench.engine.migrate("p").moved == 1
    assert stored_values(bench, case) == {"1/big"}
    assert bench.complete(case, "ask").status == "completed"


def stored_values(bench: Workbench, case: Case) -> set[str]:
    """The keys of a case's large values in the store."""
    with bench.engine.store.reading() as tx:
        return set(tx.values(case.id))


def test_an_event_that_fired_before_is_not_armed_again(versions: Versions) -> None:
    """A timer that has fired stays fired: only events that the old diagram did not have begin to wait."""
    parts = (
        d.start(), d.user("ask"), d.boundary("late", "ask", d.timer(duration="P1D"), interrupting=False), d.end(),
        d.end("told"),
    )  # fmt: skip
    case = versions.use(*parts, d.flows("start > ask > end", "late > told")).start("p")
    versions.bench.advance(days=2)
    bench = versions.use(*parts, d.user("more"), d.flows("start > ask > more > end", "late > told"))
    assert bench.engine.migrate("p").moved == 1
    assert bench.case(case.id).timers == ()


def test_jobs_incidents_and_suspended_cases_are_moved_too(versions: Versions) -> None:
    """A stopped case is moved with its incident and job, a suspended one with what it keeps, and both go on."""
    calls: list[str] = []

    @versions.handlers.handler("work")
    def work() -> None:
        calls.append("work")
        if len(calls) == 1:
            raise OSError("no connection")

    parts = (d.start(), d.service("work", "work", retries=1), d.user("ask"), d.end())
    stopped = versions.use(*parts, d.flows("start > work > ask > end")).start("p")
    suspended = versions.bench.start("p")
    versions.bench.engine.suspend(suspended.id, "Wait.")
    bench = versions.use(
        d.start(), d.service("do", "work"), d.user("say"), d.end(), d.flows("start > do > say > end")
    )  # fmt: skip
    done = bench.engine.migrate("p", mapping={"work": "do", "ask": "say"})
    assert (done.moved, done.failed) == (2, ())
    (incident,) = bench.engine.incidents()
    assert (incident.element, incident.case_id) == ("do", stopped.id)
    assert bench.engine.resolve(incident).waiting_for == ["say"]
    assert bench.case(suspended.id).status == "suspended"
    assert bench.engine.resume(suspended.id).waiting_for == ["say"]
    assert calls == ["work"] * 3
    assert bench.engine.verify().whole


def test_called_processes_and_what_can_be_undone_follow(versions: Versions) -> None:
    """A case inside a called process is moved with it, names of both mapped; what was completed can still be undone."""
    inner = d.process(d.start("in"), d.user("look"), d.end("out"), d.flows("in > look > out"), name="q")
    case = versions.use(
        d.start(), d.call("delegate", "q"), d.end(), d.flows("start > delegate > end"), also=(inner,)
    ).start("p")  # fmt: skip
    changed = d.process(
        d.start("in"), d.user("inspect"), d.user("sign"), d.end("out"), d.flows("in > inspect > sign > out"), name="q"
    )
    bench = versions.use(
        d.start(), d.call("hand-over", "q"), d.user("close"), d.end(), d.flows("start > hand-over > close > end"),
        also=(changed,),
    )  # fmt: skip
    done = bench.engine.migrate("p", mapping={"delegate": "hand-over", "q/look": "inspect"})
    assert (done.moved, at(done, "look").process) == (1, "q")
    assert bench.complete(case, "inspect").waiting_for == ["sign"]
    assert bench.complete(case, "sign").waiting_for == ["close"]


def test_another_called_process_is_blocked(versions: Versions) -> None:
    """While one process is called, its call cannot become one of another."""
    one, two = (
        d.process(d.start(f"in_{x}"), d.user(f"look_{x}"), d.end(f"out_{x}"),
                  d.flows(f"in_{x} > look_{x} > out_{x}"), name=x)
        for x in ("q", "r")
    )  # fmt: skip
    flow = d.flows("start > delegate > end")
    versions.use(d.start(), d.call("delegate", "q"), d.end(), flow, also=(one, two)).start("p")
    bench = versions.use(d.start(), d.call("delegate", "r"), d.end(), flow, also=(one, two))
    assert at(bench.engine.migrate("p"), "delegate").reasons == ("it calls 'r' now, and 'q' is under way",)


def test_only_some_cases_and_back_again(versions: Versions) -> None:
    """Cases can be chosen by id or by the version they run on, and moved back to a stored definition."""
    bench = versions.use(*ASK)
    first, second = bench.start("p"), bench.start("p")
    old = bench.engine.bundle(first.id).digest
    bench = versions.use(d.start(), d.user("ask"), d.user("check"), d.end(), d.flows("start > ask > check > end"))
    assert bench.engine.migrate("p", cases=[first.id[:12]]).moved == 1
    assert bench.engine.migrate("p", version="0" * 64, dry_run=True).positions == ()
    done = bench.engine.migrate("p", version=old[:8])
    assert (done.moved, done.already) == (1, 0)
    back = bench.engine.migrate("p", to=old)
    assert (back.moved, back.to) == (2, old)
    assert bench.complete(second, "ask").status == "completed"
    with pytest.raises(InvalidData):
        bench.engine.migrate("p", to="0" * 64)


def test_a_batch_that_was_interrupted_goes_on(versions: Versions) -> None:
    """Whoever stops a batch in its middle begins again, and the rest is moved; closed cases are left alone."""
    bench = versions.use(*ASK)
    cases = [bench.start("p") for _ in range(5)]
    bench.complete(cases[0], "ask")
    bench = versions.use(d.start(), d.user("ask"), d.user("check"), d.end(), d.flows("start > ask > check > end"))

    def stop(seen: int) -> None:
        if seen >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.engine.migrate("p", on_progress=stop)
    done = bench.engine.migrate("p")
    assert 0 < done.moved < 4
    assert (done.moved + done.already, done.blocked, len(done.failed)) == (4, 0, 0)


def test_one_case_that_cannot_be_read_does_not_keep_the_others(versions: Versions) -> None:
    """A case whose state was changed in the database is named, and the next one is moved."""
    bench = versions.use(*ASK)
    cases = sorted(bench.start("p").id for _ in range(2))
    store: Any = bench.engine.store
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cf_case SET state = x'00' WHERE id = ?", (cases[0],))
    bench = versions.use(d.start(), d.user("ask"), d.user("check"), d.end(), d.flows("start > ask > check > end"))
    done = bench.engine.migrate("p")
    assert ([one for one, _ in done.failed], done.moved) == ([cases[0]], 1)


def test_a_loop_goes_on_where_it_was(versions: Versions) -> None:
    """Rounds that are done stay done, and what they left is kept."""
    loop = d.multi("items", "item", collect="results", output="answer")
    parts = (d.start(), d.user("ask", loop=loop), d.end())
    case: Case = versions.use(*parts, d.flows("start > ask > end")).start("p", items=[1, 2, 3])
    bench = versions.bench
    bench.engine.complete(case.tasks[0].id, {"answer": "one"})
    bench = versions.use(*parts, d.user("sum"), d.flows("start > ask > sum > end"))
    assert bench.engine.migrate("p").moved == 1
    for task in bench.case(case.id).tasks:
        bench.engine.complete(task.id, {"answer": "more"})
    moved = bench.case(case.id)
    assert (moved.waiting_for, moved.variables["results"]) == (["sum"], ["one", "more", "more"])


@pytest.mark.parametrize(
    "process", ["customer", "grievance", "hr", "law-firm", "office", "wedding-client", "whistleblower"]
)
def test_a_layer_that_changes_no_diagram_is_safe(process: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shipped case at its first person lacks nothing under a policy with another number: what letters read, too."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    shipped = Path(complaintflow.processes.__file__).parent / process
    place = tmp_path / "layer" / "processes" / process
    place.mkdir(parents=True)
    (place / "policy.toml").write_text(f'[policy]\nid = "{process}"\ntitle = "Ours"\n', encoding="utf-8")
    url = f"sqlite:///{tmp_path}/cases.db"
    before = Workbench(database=url)
    case = before.start(process, json.loads((shipped / "payload.json").read_text(encoding="utf-8")))
    after = Workbench(layers=[tmp_path / "layer"], database=url, now=before.now)
    rehearsed = after.engine.migrate(process, dry_run=True)
    assert [(one.element, one.reasons) for one in rehearsed.positions if one.verdict != "safe"] == []
    assert rehearsed.safe == 1
    assert after.engine.migrate(process).safe == 1
    assert after.engine.bundle(case.id).digest == after.engine.library.newest(process).digest
