"""Service tasks that count: figures, sample, case-summary."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from complaintflow.facade.engine import Engine
from complaintflow.facade.views import Case
from tests.diagrams import document, end, flows, layer, process, service, start
from tests.figure_cases import engine as opened
from tests.figure_cases import live

_HEADERS = {
    "figures": {"policy": "small", "period": "quarter"},
    "apart": {"policy": "small", "by": "=ways"},
    "sample": {"process": "small", "size": "=size", "seed": "=seed", "resultVariable": "drawn"},
    "case-summary": {"case": "=of", "resultVariable": "summary"},
    "between": {
        "process": "=of",
        "size": "9",
        "seed": "x",
        "since": "=date and time(since)",
        "until": "=date and time(until)",
        "missing": "=missing",
        "resultVariable": "drawn",
    },
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Cases from June to November, and a process for each job type."""
    folder = tmp_path_factory.mktemp("small")
    with opened(folder) as engine:
        live(engine, 60, seed=5)
        for kind, headers in _HEADERS.items():
            told = "".join(f'<zeebe:header key="{key}" value="{value}"/>' for key, value in headers.items())
            of = {"apart": "figures", "between": "sample"}.get(kind, kind)
            task = service("count", of, extension=f"<zeebe:taskHeaders>{told}</zeebe:taskHeaders>")
            xml = document(process(start(), task, end(), flows("start > count > end"), name=f"run-{kind}"))
            layer(folder, xml, name=f"run-{kind}", policy=f'[policy]\nid = "run-{kind}"\ntitle = "x"\nzone = "UTC"\n')
        yield engine


def results(engine: Engine, process: str, payload: dict[str, Any]) -> dict[str, Any]:
    """The variables of a case that counted and ended."""
    case = engine.start(process, payload)
    assert (case.status, case.incidents) == ("completed", ())
    return dict(case.variables)


def test_a_process_gets_the_figures_of_the_last_quarter(engine: Engine) -> None:
    """In November those of the third quarter, as plain numbers, without a handler."""
    made = results(engine, "run-figures", {})["figures"]
    expected = engine.figures("small", "2026Q3")
    assert (made["policy"], made["period"]["name"], made["period"]["last_day"]) == ("small", "2026Q3", "2026-09-30")
    for one in expected:
        if not one.by:
            assert (None if made[one.id] is None else Decimal(str(made[one.id]))) == one.value


def test_a_process_gets_figures_told_apart(engine: Engine) -> None:
    """By several facts at once, small counts hidden as they are for everybody; by a person never, unless the policy
    says so."""
    made = results(engine, "run-apart", {"ways": "type department"})["figures"]
    assert made == engine.figures("small", "2026Q3", by=["type", "department"]).plain()
    assert {"type", "department", "value", "suppressed"} == set(made["parts"]["received"][0])
    (incident,) = engine.start("run-apart", {"ways": "score"}).incidents
    assert "tells nothing apart by 'score'" in incident.message


def test_a_sample_can_be_drawn_again_by_hand(engine: Engine) -> None:
    """The same seed draws the same cases, another seed others; only what ended in the quarter is in the urn."""
    drawn = results(engine, "run-sample", {"size": 4, "seed": "x"})["drawn"]
    assert results(engine, "run-sample", {"size": 4, "seed": "x"})["drawn"] == drawn
    assert results(engine, "run-sample", {"size": 4, "seed": "y"})["drawn"] != drawn
    urn = {}
    for case in engine.cases(process="small", limit=1000):
        over = [event.at for event in case.history() if event.event == "ended"]
        if over and "2026-06-30T16" <= over[0].isoformat() < "2026-09-30T16":
            urn[case.id] = over[0]
    lots = sorted(urn, key=lambda case: hashlib.sha256(f"x/{case}".encode()).digest())
    assert [one["case"] for one in drawn] == lots[:4]
    assert (drawn[0]["process"], drawn[0]["key"]) == ("small", engine.case(lots[0]).key)
    assert drawn[0]["closed_at"] == urn[lots[0]].isoformat(timespec="seconds")
    everything = results(engine, "run-sample", {"size": 1000, "seed": "x"})["drawn"]
    assert [one["case"] for one in everything] == lots


def between(
    engine: Engine, since: str | None, until: str | None, of: str = "small", missing: str | None = None
) -> Case:
    return engine.start("run-between", {"of": of, "since": since, "until": until, "missing": missing})


def test_a_sample_of_a_stretch_of_time(engine: Engine) -> None:
    """From one time on and before another, to the microsecond: two stretches that meet miss no case and have none
    twice."""
    ends = {
        case.id: event.at
        for case in engine.cases(process="small", limit=1000)
        for event in case.history()
        if event.event == "ended"
    }
    case, middle = sorted(ends.items(), key=lambda one: one[1])[len(ends) // 2]
    first, last = middle - timedelta(days=3), middle + timedelta(days=3)
    parts = [
        {one["case"] for one in between(engine, a.isoformat(), b.isoformat()).variables["drawn"]}
        for a, b in ((first, middle), (middle, last))
    ]
    assert case in parts[1]
    assert parts[0].isdisjoint(parts[1])
    assert parts[0] | parts[1] == {one for one, at in ends.items() if first <= at < last}


def test_a_time_without_zone_is_the_organisations(engine: Engine) -> None:
    """Midnight written without an offset is midnight where the policy counts."""
    said, meant = (
        between(engine, f"2026-08-01T00:00:00{zone}", f"2026-08-09T00:00:00{zone}").variables["drawn"]
        for zone in ("", "+08:00")
    )
    assert said == meant != []


def test_a_sample_of_no_time_is_an_incident(engine: Engine) -> None:
    """A header that gives no time draws nothing: it does not fall back to a quarter."""
    (incident,) = between(engine, None, "2026-08-09T00:00:00").incidents
    assert "'since' of the sample is no date and time" in incident.message


def test_a_process_that_is_not_there(engine: Engine) -> None:
    """It is an incident, but for diagrams that say they can do without."""
    times = ("2026-08-01T00:00:00", "2026-08-09T00:00:00")
    (incident,) = between(engine, *times, of="nowhere").incidents
    assert "nowhere" in incident.message
    assert between(engine, *times, of="nowhere", missing="none").variables["drawn"] == []


@pytest.mark.parametrize("size", [0, 1.5, "many", None])
def test_a_sample_of_no_size_is_an_incident(engine: Engine, size: object) -> None:
    """Whoever drew the diagram learns what is missing; nothing is drawn."""
    case = engine.start("run-sample", {"size": size, "seed": "x"})
    (incident,) = case.incidents
    assert "size" in incident.message


def test_a_summary_has_no_person(engine: Engine) -> None:
    """Process, facts and times of one case, and nothing of who handled it or what was said."""
    (case, *_) = (
        one for one in engine.cases(process="small", status="completed", limit=1000) if one.variables["costs"]
    )
    summary = results(engine, "run-case-summary", {"of": case.id})["summary"]
    assert summary["process"] == "small"
    assert summary["accepted"] is case.variables["accepted"]
    assert summary["type"] == case.variables["kind"]
    assert summary["duration_days"] > 0
    assert "handler" not in summary
    assert any(name.startswith("cost/") for name in summary)
    assert case.variables["handler"] not in str(summary)
