"""Traces and metrics: there when the application uses OpenTelemetry, nothing when it does not, and never a secret."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from complaintflow import Handlers, telemetry
from complaintflow.testing import Workbench
from tests import diagrams as d

SECRET = "the cashier's name is Zhao Min"
DIAGRAM = d.document(
    d.process(
        d.start(), d.user("ask", groups='=["desk"]'),
        d.boundary("late", "ask", d.timer(duration="P1D"), interrupting=False),
        d.service("work", "work", retries=2), d.end(), d.end("told"),
        d.flows("start > ask > work > end", "late > told"),
    )
)  # fmt: skip


class Seen:
    """What was exported, in memory."""

    def __init__(self, spans: Any, metrics: Any) -> None:
        self._spans, self._metrics = spans, metrics

    @property
    def spans(self) -> list[Any]:
        """Finished spans, in the order in which they ended."""
        return list(self._spans.get_finished_spans())

    def points(self, name: str) -> list[Any]:
        """The data points of one metric."""
        data = self._metrics.get_metrics_data()
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics] if data else []
        return [
            point for scope in scopes for one in scope.metrics if one.name == name for point in one.data.data_points
        ]

    def text(self) -> str:
        """All of it as text."""
        data = self._metrics.get_metrics_data()
        return "".join(span.to_json() for span in self.spans) + (data.to_json() if data else "")


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    """Providers of our own, for this test only."""
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, reader, provider = InMemorySpanExporter(), InMemoryMetricReader(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    made = {"tracer": provider.get_tracer("test"), "meter": MeterProvider([reader]).get_meter("test")}
    monkeypatch.setattr(telemetry, "_made", made)
    yield Seen(exporter, reader)
    provider.shutdown()


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """A task with a timer beside it, then a job that fails once."""
    handlers = Handlers()
    calls: list[int] = []

    @handlers.handler("work")
    def work() -> dict[str, Any]:
        calls.append(1)
        if len(calls) == 1:
            raise OSError(SECRET)
        return {"found": SECRET}

    return Workbench(layers=[d.layer(tmp_path, DIAGRAM)], handlers=[handlers])


def test_a_case_leaves_spans_and_figures_and_no_secret(bench: Workbench, seen: Seen) -> None:
    """Commands, attempts and timers are measured by process, element, type and outcome, and nothing is told."""
    case = bench.start("p", {"report": SECRET}, key="order of Zhao Min", actor="li.wei")
    bench.advance(days=1, hours=2)
    bench.complete(case, "ask", {"answer": SECRET}, actor="li.wei")
    bench.advance(hours=1)
    assert bench.case(case.id).status == "completed"

    commands = [span for span in seen.spans if span.name == "complaintflow.command"]
    by_class = {span.attributes["complaintflow.command"] for span in commands}
    assert by_class == {"Start", "Fire", "CompleteTask", "RetryJob", "FinishJob"}
    assert {span.attributes["complaintflow.case"] for span in commands} == {case.id}
    handled = [span for span in seen.spans if span.name == "complaintflow.handler"]
    assert [span.attributes["complaintflow.outcome"] for span in handled] == ["retry", "done"]
    drain = next(span for span in seen.spans if span.name == "complaintflow.drain")
    assert drain.attributes["complaintflow.case"] == case.id

    jobs = {dict(point.attributes)["complaintflow.outcome"]: point.value for point in seen.points("complaintflow.jobs")}
    assert jobs == {"retry": 1, "done": 1}
    (late,) = seen.points("complaintflow.timer.lateness")
    assert (late.count, late.sum) == (1, 0.0)
    assert sum(point.value for point in seen.points("complaintflow.commands")) == len(commands)
    assert all("complaintflow.case" not in dict(point.attributes) for point in seen.points("complaintflow.commands"))
    text = seen.text()
    for secret in (SECRET, "Zhao Min", "li.wei", "OSError: "):
        assert secret not in text


def test_an_error_is_named_by_its_class(bench: Workbench, seen: Seen) -> None:
    """A command that is refused has the error's class as its outcome, and no words of it."""
    case = bench.start("p")
    bench.complete(case, "ask")
    with pytest.raises(Exception, match="no longer open"):
        bench.engine.complete(case.tasks[0].id, {"x": SECRET})
    refused = seen.spans[-1]
    assert refused.attributes["complaintflow.outcome"] == "TaskAlreadyCompleted"
    assert (refused.status.is_ok, refused.status.description, refused.events) == (False, "TaskAlreadyCompleted", ())


def test_a_worker_measures_what_is_due(bench: Workbench, seen: Seen) -> None:
    """A worker that looks around reports how much is due, and for how long."""
    bench.start("p")
    bench.clock.advance(timedelta(days=2))
    bench.engine.worker().beat()
    found = {
        dict(point.attributes)["complaintflow.kind"]: point.value for point in seen.points("complaintflow.backlog")
    }
    assert found == {"timers": 1, "jobs": 0}
    (age,) = seen.points("complaintflow.backlog.age")
    assert age.value == 86_400


def test_without_opentelemetry_nothing_is_loaded_or_made() -> None:
    """A program that does not use OpenTelemetry runs a case without a module of it, installed or not."""
    program = (
        "import sys, json\n"
        "from complaintflow.testing import Workbench\n"
        "bench = Workbench()\n"
        "bench.start('customer', {'channel': 'web', 'content': 'Cold soup.'})\n"
        "from complaintflow import telemetry\n"
        "same = telemetry.span('command') is telemetry.span('handler')\n"
        "print(json.dumps([[m for m in sys.modules if m.startswith('opentelemetry')], telemetry.active(), same]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[], False, True]
