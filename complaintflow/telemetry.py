"""Traces and metrics by OpenTelemetry, where the application uses it.

Nothing of OpenTelemetry is imported here before the application has imported it itself: whoever configures a provider
has. Without it each of these functions is one look into a dictionary.

    span complaintflow.command      a command, from its load to its commit
    span complaintflow.handler      one attempt of a job
    span complaintflow.drain        what ran after a command before the caller got its answer

Attributes are ids of the diagram and of the policy's processes, classes of commands and errors, counts, and on spans
the case's id, which is random and in the database in the plain. Never an actor, a business key, a variable, or an
error's text: whoever keeps traces is not to learn what a log does not tell either.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Final

from complaintflow.time.clock import stopwatch

_API: Final = "opentelemetry.trace"
_NAMES: Final = {
    "commands": "Commands that were run",
    "jobs": "Attempts of jobs",
    "timers": "Timers that fired",
}
_made: dict[str, Any] = {}


def active() -> bool:
    """Whether the application uses OpenTelemetry."""
    return _API in sys.modules


class Span:
    """A span that measures itself; ``facts`` are its attributes, to which ``tell`` adds."""

    def __init__(self, name: str, counter: str, facts: dict[str, Any]) -> None:
        self.name = name
        self.counter = counter
        self.facts = facts
        self.outcome = ""
        self._begun = 0.0
        self._entered: Any = None
        self._span: Any = None

    def tell(self, outcome: str = "", **facts: Any) -> None:
        """Add facts; ``outcome`` replaces "done" or the class of the error that ends the span."""
        self.outcome = outcome or self.outcome
        self.facts.update(facts)

    def __enter__(self) -> Span:
        from opentelemetry import trace

        tracer = _instrument("tracer", lambda: trace.get_tracer("complaintflow"))
        self._entered = tracer.start_as_current_span(
            f"complaintflow.{self.name}", record_exception=False, set_status_on_exception=False
        )
        self._span = self._entered.__enter__()
        self._begun = stopwatch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace_back: TracebackType | None
    ) -> None:
        from opentelemetry.trace import Status, StatusCode

        seconds = stopwatch() - self._begun
        outcome = kind.__name__ if kind is not None else self.outcome or "done"
        self._span.set_attributes({f"complaintflow.{name}": value for name, value in self.facts.items()})
        self._span.set_attribute("complaintflow.outcome", outcome)
        if kind is not None:
            self._span.set_status(Status(StatusCode.ERROR, outcome))
        self._entered.__exit__(None, None, None)
        if self.counter:
            # A case's id would make a series of its own of each case.
            counted = {f"complaintflow.{name}": value for name, value in self.facts.items() if name != "case"}
            _count(self.counter, 1, counted | {"complaintflow.outcome": outcome})
            _duration(self.counter, seconds, counted)


class _Nothing:
    """A span where nobody listens."""

    def tell(self, outcome: str = "", **facts: Any) -> None:
        """Nothing."""

    def __enter__(self) -> _Nothing:
        return self

    def __exit__(self, *error: object) -> None:
        return


_NOTHING: Final = _Nothing()


def span(name: str, counter: str = "", **facts: Any) -> Span | _Nothing:
    """Measure what happens inside ``with``; ``counter`` also counts it."""
    return Span(name, counter, facts) if _API in sys.modules else _NOTHING


def fired(process: str, late: float) -> None:
    """A timer fired, so many seconds after it was due."""
    if active():
        attributes = {"complaintflow.process": process}
        _count("timers", 1, attributes)
        _histogram("complaintflow.timer.lateness", "How long after it was due a timer fired").record(late, attributes)


def waiting(timers: int, jobs: int, age: float) -> None:
    """What is due and not done, and for how many seconds the oldest of it has been."""
    if active():
        gauge = _gauge("complaintflow.backlog", "{item}", "What is due and not done")
        gauge.set(timers, {"complaintflow.kind": "timers"})
        gauge.set(jobs, {"complaintflow.kind": "jobs"})
        _gauge("complaintflow.backlog.age", "s", "How long the oldest of it has been due").set(age)


def _instrument(name: str, make: Any) -> Any:
    if name not in _made:
        _made[name] = make()
    return _made[name]


def _meter() -> Any:
    from opentelemetry import metrics

    return _instrument("meter", lambda: metrics.get_meter("complaintflow"))


def _count(name: str, by: int, attributes: dict[str, Any]) -> None:
    made = _instrument(name, lambda: _meter().create_counter(f"complaintflow.{name}", description=_NAMES[name]))
    made.add(by, attributes)


def _duration(name: str, seconds: float, attributes: dict[str, Any]) -> None:
    _histogram(f"complaintflow.{name.removesuffix('s')}.duration", f"{_NAMES[name]}: how long").record(
        seconds, attributes
    )


def _histogram(name: str, description: str) -> Any:
    return _instrument(name, lambda: _meter().create_histogram(name, unit="s", description=description))


def _gauge(name: str, unit: str, description: str) -> Any:
    return _instrument(name, lambda: _meter().create_gauge(name, unit=unit, description=description))
