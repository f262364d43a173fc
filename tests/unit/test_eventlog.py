"""Event logs: what tools of process mining read is what happened."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from complaintflow.cli import app
from complaintflow.errors import InvalidData
from complaintflow.testing import Workbench

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pm4py

SECRET = "Zhao Min"
PAYLOAD = {
    "channel": "phone",
    "reporter": {"name": SECRET, "phone": "555-0100"},
    "content": f"The soup was cold, says {SECRET}.",
}
DONE = ("task-completed", "job-done", "timer-fired", "message", "signal")


@pytest.fixture(scope="module")
def bench() -> Iterator[Workbench]:
    """Three customers' complaints: one that nobody answers, one answered and over, one under way."""
    bench = Workbench()
    late = bench.start("customer", PAYLOAD, today="2026-03-02")
    over = bench.start("customer", PAYLOAD)
    over.complete("investigate", {"findings": "The kitchen forgot it.", "justified": True, "cause": "service"})
    bench.advance(working_days=4)
    bench.start("customer", PAYLOAD)
    bench.engine.cancel(over.id, "withdrawn")
    assert bench.engine.case(late.id).status == "active"
    yield bench
    bench.close()


def happened(bench: Workbench) -> dict[str, list[tuple[str, int]]]:
    """Case -> (event, millisecond) of its history, without what is only known of it."""
    return {
        case.id: [
            (entry.event, round(entry.at.timestamp() * 1000))
            for entry in bench.engine.history(case.id)
            if entry.event != "fact"
        ]
        for case in bench.engine.cases()
    }


def test_xes_has_the_same_cases_activities_and_times(bench: Workbench, tmp_path: Path) -> None:
    """pm4py reads from the XES file each case with its events, their names and times."""
    file = tmp_path / "log.xes"
    assert bench.engine.event_log(file, "xes") == 3
    log = pm4py.read_xes(str(file), show_progress_bar=False)
    found = {
        case: [
            (event, int(at.timestamp() * 1000)) for event, at in zip(own["event"], own["time:timestamp"], strict=True)
        ]
        for case, own in log.groupby("case:concept:name", sort=False)
    }
    wanted = happened(bench)
    assert found.keys() == wanted.keys()
    for case, events in wanted.items():
        assert [event for event, _ in found[case]] == [event for event, _ in events]
        assert all(abs(a - b) <= 1 for (_, a), (_, b) in zip(found[case], events, strict=True))
    labels = {entry.name for case in wanted for entry in bench.engine.history(case) if entry.event in DONE}
    assert labels - {None} <= set(log["concept:name"])
    assert set(log["case:process"]) == {"customer"}


def test_ocel_has_the_same_cases_activities_and_times(bench: Workbench, tmp_path: Path) -> None:
    """pm4py reads from the OCEL 2.0 file each case, its deadlines and events, with their times."""
    file = tmp_path / "log.json"
    assert bench.engine.event_log(file) == 3
    log = pm4py.read_ocel2_json(str(file))
    wanted = happened(bench)
    cases = log.objects[log.objects["ocel:type"] == "customer"]
    assert set(cases["ocel:oid"]) == wanted.keys()
    pairs = log.relations[log.relations["ocel:qualifier"] == "case"]
    times = log.events.set_index("ocel:eid")
    for case, events in wanted.items():
        own = pairs[pairs["ocel:oid"] == case]["ocel:eid"]
        rows = times.loc[list(own)]
        got = sorted(
            (row["event"], round(at.timestamp() * 1000))
            for at, row in zip(rows["ocel:timestamp"], (r for _, r in rows.iterrows()), strict=True)
        )
        assert got == sorted(events)
    promised = sum(event == "promised" for events in wanted.values() for event, _ in events)
    assert (log.objects["ocel:type"] == "deadline").sum() == promised > 0


def test_facts_are_attributes_with_their_time(bench: Workbench, tmp_path: Path) -> None:
    """What a policy counts of a case stands in the OCEL log with each value it had and since when."""
    file = tmp_path / "log.json"
    bench.engine.event_log(file)
    objects = json.loads(file.read_text(encoding="utf-8"))["objects"]
    found = {
        (one["id"], said["name"], said["time"], said["value"])
        for one in objects
        if one["type"] == "customer"
        for said in one["attributes"]
        if said["name"] != "status"
    }
    facts = {
        (
            case.id,
            str(entry.counted).partition("/")[2],
            entry.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            {"true": True, "false": False}.get(str(entry.value), entry.value),
        )
        for case in bench.engine.cases()
        for entry in bench.engine.history(case.id)
        if entry.event == "fact"
    }
    assert facts
    assert found == facts
    # The reader knows them too: the first value of each stands with its object.
    first = pm4py.read_ocel2_json(str(file)).objects.set_index("ocel:oid")
    assert all(name in first.columns for _, name, _, _ in facts)


def test_nothing_sealed_is_in_a_log(bench: Workbench, tmp_path: Path) -> None:
    """Neither the reporter nor what was said, nor who did what, stands in either file."""
    for form in ("ocel", "xes"):
        file = tmp_path / f"log.{form}"
        bench.engine.event_log(file, form)  # type: ignore[arg-type]
        text = file.read_text(encoding="utf-8")
        for word in (SECRET, "555-0100", "soup", "forgot", "withdrawn"):
            assert word not in text


def test_a_time_and_a_process_choose_the_cases(bench: Workbench, tmp_path: Path) -> None:
    """Only cases of the process that began in the time are in the log, to the microsecond of its edges."""
    begun = sorted(case.created_at for case in bench.engine.cases())
    one = timedelta(microseconds=1)
    for number, (options, cases) in enumerate(
        [
            ({"since": begun[2]}, 1),
            ({"since": begun[2] + one}, 0),
            ({"until": begun[2]}, 2),
            ({"until": begun[2] + one}, 3),
            ({"process": "hr"}, 0),
        ]
    ):
        assert bench.engine.event_log(tmp_path / f"{number}.json", **options) == cases  # type: ignore[arg-type]


def test_a_file_is_written_whole_or_not_at_all(bench: Workbench, tmp_path: Path) -> None:
    """A file that is there is not overwritten, a folder that is not is said, and nothing half-written stays."""
    file = tmp_path / "log.json"
    file.write_text("mine")
    for place in (file, tmp_path / "nowhere" / "log.json"):
        with pytest.raises(InvalidData) as caught:
            bench.engine.event_log(place)
        assert str(place) in str(caught.value)

    def fail(seen: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.engine.event_log(tmp_path / "broken.json", on_progress=fail)
    assert [one.name for one in tmp_path.iterdir()] == ["log.json"]
    assert file.read_text() == "mine"


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    """The command line takes the form from the file's name and counts the cases."""
    database = f"sqlite:///{tmp_path}/c.db"
    runner = CliRunner()
    assert runner.invoke(app, ["--database", database, "run", "customer", "--example"]).exit_code == 0
    done = runner.invoke(app, ["--database", database, "eventlog", "-o", str(tmp_path / "a.xes")])
    assert (done.exit_code, done.output) == (0, f"1 case written to {tmp_path}/a.xes (XES)\n")
    again = runner.invoke(app, ["--database", database, "eventlog", "-o", str(tmp_path / "a.xes")])
    assert again.exit_code == 2
