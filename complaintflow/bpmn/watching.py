"""Events that wait for a condition, as in Camunda 8: asked when they begin to wait, and again when a variable changes.

A condition is asked again only when a variable that it names was created or got another value, where the event can see
it. Of several that hold at once, the outermost comes first: it may end what the others wait in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from complaintflow.bpmn.formula import shown
from complaintflow.bpmn.node import Stuck
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from complaintflow.bpmn.formula import Formula
    from complaintflow.bpmn.scope import Scope
    from complaintflow.bpmn.token import Token

Change = tuple["Scope", str, str]


@dataclass(frozen=True, slots=True)
class ConditionTrigger:
    """``names`` are the variables that the condition reads, ``kinds`` the changes it is asked after."""

    formula: Formula
    names: frozenset[str]
    kinds: frozenset[str]
    waits: ClassVar[None] = None
    armed: ClassVar[bool] = True

    def arm(self, token: Token) -> None:
        """Wait, and ask for the first time as soon as the token rests."""
        token.game.watch.begin(token)

    def again(self, token: Token) -> bool:
        """It waits until its host is done."""
        return True

    def concerns(self, token: Token, changes: list[Change]) -> bool:
        """Whether one of the changes is a reason to ask."""
        scope = token.variables
        return any(
            kind in self.kinds and name in self.names and scope.sees(changed, name) for changed, name, kind in changes
        )

    def holds(self, token: Token) -> bool:
        """Ask; what it reads may not be known yet, and then it does not hold.

        Raises:
            Stuck: it is neither true, false nor null.
        """
        value = token.game.value(self.formula, token.variables, quiet=True)
        if value is None or value is False:
            return False
        if value is True:
            return True
        raise Stuck("condition", f"the condition '{self.formula.text}' is {shown(value)}, neither true nor false")


class Watch:
    """The tokens of a game that wait for a condition, and what has changed since they were asked."""

    def __init__(self) -> None:
        self.tokens: dict[int, Token] = {}
        self.journal: list[Change] = []
        self.fresh: list[Token] = []

    @property
    def pending(self) -> bool:
        """Whether there is a reason to look."""
        return bool(self.fresh or self.journal)

    def begin(self, token: Token) -> None:
        """A token begins to wait."""
        self.tokens[token.id] = token
        self.fresh.append(token)

    def end(self, token: Token) -> None:
        """A token is gone."""
        self.tokens.pop(token.id, None)

    def look(self) -> None:
        """Ask those that have a reason, from the outermost inward; what holds happens."""
        changes = list(self.journal)
        self.journal.clear()
        fresh, self.fresh = self.fresh, []
        asked: Mapping[int, Any] = {token.id: token for token in fresh} | {
            number: token for number, token in self.tokens.items() if token.task_spec.trigger.concerns(token, changes)
        }
        for token in sorted(asked.values(), key=lambda token: (_depth(token), token.id)):
            # One that happened may have ended the next.
            if token.id not in self.tokens or "stuck" in token.internal_data:
                continue
            try:
                if token.task_spec.trigger.holds(token):
                    token.task_spec.happen(token, {})
            except Stuck as stuck:
                token.game.halt(token, stuck)


def _depth(token: Token) -> int:
    depth, around = 0, token.host or token.workflow.host
    while around is not None:
        depth, around = depth + 1, around.host or around.workflow.host
    return depth
