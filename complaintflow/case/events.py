"""What reaches a case that waits: a timer is due, a message or signal came.

Each is a command (``complaintflow.case.commands``).
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from complaintflow.bpmn.listening import is_held
from complaintflow.bpmn.node import Stuck
from complaintflow.case.live import LiveCase
from complaintflow.errors import NoSubscription
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Token


@dataclass(frozen=True, slots=True)
class Fire:
    """A timer is due. One that is no longer open is ignored: another worker was faster."""

    token: int
    due_at: datetime

    def apply(self, live: LiveCase) -> None:
        """Never fails."""
        if live.suspended:
            return  # It fires when the case is resumed.
        token = live.token(self.token)
        if token is None or "stuck" in token.internal_data:
            live.game.closed.append(("timer", self.token))
            return
        due = token.internal_data.get("due")
        if due is None or datetime.fromisoformat(due) != self.due_at or "paused" in token.internal_data:
            return
        live.record("timer-fired", token, due=self.due_at.isoformat())
        live.game.fire(self.token, {})


@dataclass(frozen=True, slots=True)
class Deliver:
    """A message or signal reached a waiting token; ``key`` is that under which it waits."""

    token: int
    name: str
    variables: dict[str, Any] = field(repr=False)
    key: str | None = None

    def apply(self, live: LiveCase) -> None:
        """Raises NoSubscription when the token no longer waits."""
        live.require_active()
        token = live.token(self.token)
        if token is None or "stuck" in token.internal_data or is_held(token):
            raise NoSubscription(f"nothing waits for '{self.name}' any more", where=f"case {live.row.id}")
        self._fit(live, token)
        live.permit.seal(self.variables)
        live.record("message", token, name=self.name, data=self.variables)
        live.game.fire(self.token, self.variables)

    def _fit(self, live: LiveCase, token: Token) -> None:
        """Raises NoSubscription: the diagram reads another key out of the message than that under which it was sent."""
        path = live.bundle.program.processes[token.workflow.spec.process_id].retrievals.get(self.name)
        if path is None or self.key is None:
            return
        said = path.value(self.variables, live.game.host.functions, [])
        if isinstance(said, bool) or not isinstance(said, (str, int)) or str(said) != self.key:
            raise NoSubscription(
                f"the message '{self.name}' brings another correlation key than '{self.key}'",
                where=f"case {live.row.id}",
                advice=f"send it with what '{path.text}' reads, and with that as its key",
            )


@dataclass(frozen=True, slots=True)
class DeliverSignal:
    """A signal reached a waiting token; ``key`` names the throw, so that one that was delivered is not again."""

    token: int
    name: str
    variables: dict[str, Any] = field(repr=False)
    key: str

    def apply(self, live: LiveCase) -> None:
        """A token that no longer waits is left alone; past a suspended case a signal goes by, which is noted."""
        token = live.token(self.token)
        heard = token is not None and token.internal_data.get("heard") == self.key
        if token is None or "stuck" in token.internal_data or heard or is_held(token):
            return
        token.internal_data["heard"] = self.key
        if live.suspended:
            live.record("signal-missed", token, name=self.name)
            return
        live.permit.seal(self.variables)
        live.record("signal", token, name=self.name, data=self.variables)
        live.game.fire(self.token, self.variables)


@dataclass(frozen=True, slots=True)
class HaltEvent:
    """An event happened and leads where the case cannot go: an incident, not an event that happens for ever.

    ``row`` is the kind of row it has, "timer" or "subscription".
    """

    token: int
    row: str
    message: str = field(repr=False)

    def apply(self, live: LiveCase) -> None:
        """An event that is no longer waited for is left alone."""
        token = live.token(self.token)
        live.game.closed.append((self.row, self.token))
        if token is not None and "stuck" not in token.internal_data:
            token.internal_data["happened"] = True
            live.game.fail(self.token, Stuck("event", self.message))
            live.record("event-failed", token, message=self.message)
