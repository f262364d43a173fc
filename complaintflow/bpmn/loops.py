"""Loops: multi-instance, as Camunda 8 defines it, and the standard loop of BPMN.

Of a multi-instance activity the body's scope holds the output collection, sized before the first round; each round has
a scope with ``loopCounter`` (from 1) and the element, and input mappings are evaluated into that scope.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from complaintflow.bpmn.formula import Formula, plain, shown
from complaintflow.bpmn.node import Stuck
from complaintflow.bpmn.token import BEGIN
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Token

# A number of rounds has no list that would bound it.
MAX_ROUNDS: Final = 10_000
_PATH: Final = r"(?P<name>(?!(?:null|true|false)\b)[^\W\d]\w*)(?:\.[^\W\d]\w*)*"


@dataclass(frozen=True, slots=True)
class Loop:
    """Parallel or sequential rounds over a collection."""

    sequential: bool
    collection: Formula
    element: str | None
    output_collection: str | None
    output_element: Formula | None
    completion: Formula | None
    # The number of the first round: Camunda 7 counts from 0.
    first: int = 1
    # Whether the collection may be a number: so many rounds, numbered from 1.
    counts: bool = False

    def begin(self, body: Token) -> Any:
        """Open the first round, or all of them.

        Raises:
            Stuck: the collection is not a list.
        """
        node, game = body.task_spec, body.game
        items = self._items(body)
        node.arm(body)
        if self.output_collection:
            game.own_scope(body).declare(self.output_collection, [None] * len(items))
        if not items:
            return self._results(body)
        body.internal_data.update(total=len(items), next=0, done=0, active=0)
        body.phase = BEGIN
        for _ in items[:1] if self.sequential else items:
            self._open(body, items)
        return None

    def collect(self, token: Token) -> None:
        """Before a round's scope closes, keep its output element, and ask whether that is enough.

        Raises:
            Stuck: the completion condition is neither true nor false, or something in a round has overwritten what
                they collect.
        """
        body, game = token.host, token.game
        assert body is not None
        if self.output_collection and self.output_element is not None and body.scope is not None:
            value = plain(game.value(self.output_element, token.variables))
            collected = collection(body, self.output_collection, body.internal_data["total"])
            collected[token.internal_data["round"]] = value
            body.scope.declare(self.output_collection, collected)
        if self.completion is not None:
            counts = _counts_after(body.internal_data)
            body.internal_data["enough"] = game.holds(self.completion, game.detached(token.variables, counts))

    def iterated(self, body: Token) -> None:
        """A round is over."""
        counts = body.internal_data
        counts["done"] += 1
        counts["active"] -= 1
        try:
            self.decide(body)
        except Stuck as stuck:
            body.game.halt(body, stuck)

    def decide(self, body: Token) -> None:
        """Finish, open the next round, or wait for the others.

        Raises:
            Stuck: the collection of a sequential loop is no longer a list.
        """
        counts = body.internal_data
        if counts["done"] == counts["total"] or counts.get("enough"):
            rounds = [token for token in body.hosted if token.is_iteration]
            parting = [one for token in rounds for one in body.game.cancel(token)]
            body.game.go_on(body, self._results(body), parting)
        elif self.sequential and not counts["active"]:
            self._open(body, self._items(body))

    def _open(self, body: Token, items: list[Any]) -> None:
        counts, game = body.internal_data, body.game
        index = counts["next"]
        counts["next"] += 1
        counts["active"] += 1
        token = game.host_token(body, body.task_spec)
        token.internal_data["round"] = index
        scope = game.own_scope(token)
        # A variable that is read as the output stays in the round, where no other round overwrites it.
        if self.output_element is not None and (name := variable_of(self.output_element)) is not None:
            scope.declare(name, None)
        scope.declare("loopCounter", index + self.first)
        if self.element:
            scope.declare(self.element, plain(items[index]) if index < len(items) else None)

    def _items(self, body: Token) -> list[Any]:
        items = body.game.value(self.collection, body.surroundings)
        if self.counts:
            number = plain(items)
            if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= MAX_ROUNDS:
                return list(range(1, number + 1))
        elif isinstance(items, list):
            return items
        wanted = f"a number up to {MAX_ROUNDS:,}" if self.counts else "a list"
        raise Stuck("expression", f"the loop over '{self.collection.text}' found {shown(items)}, not {wanted}")

    def _results(self, body: Token) -> dict[str, Any]:
        if not self.output_collection or body.scope is None:
            return {}
        # The collection is taken out of the body's scope, or it would shadow the one it is meant for.
        return {self.output_collection: body.scope.variables.pop(self.output_collection)}


def collection(body: Token, name: str, size: int = 0) -> list[Any]:
    """A copy of what an activity has collected: of ``size`` rounds, or of as many as there were.

    Raises:
        Stuck: a variable of the same name was set inside.
    """
    assert body.scope is not None
    found = body.scope.variables.get(name)
    if not isinstance(found, list) or (size and len(found) != size):
        what = f"'{name}' is to collect what '{body.task_spec.label}' leaves, and was overwritten inside"
        raise Stuck("expression", what)
    return list(found)


@dataclass(frozen=True, slots=True)
class StandardLoop:
    """Again while a condition holds (BPMN 2.0.2, 10.3.8).

    Each round has a scope with ``loopCounter`` (from 1); the condition reads how many rounds have begun.

    Attributes:
        condition: None is always true.
        test_before: ask it before the first round too.
        maximum: the most rounds there may be.
    """

    condition: Formula | None
    test_before: bool
    maximum: int | None
    output_collection: ClassVar[None] = None

    def begin(self, body: Token) -> Any:
        """Open the first round, if there is one.

        Raises:
            Stuck: the condition is neither true nor false.
        """
        body.task_spec.arm(body)
        body.phase = BEGIN
        body.internal_data["next"] = 0
        if self.test_before and not self._goes_on(body):
            return {}
        self._open(body)
        return None

    def collect(self, token: Token) -> None:
        """A round leaves nothing but what it propagates."""

    def iterated(self, body: Token) -> None:
        """A round is over."""
        try:
            self.decide(body)
        except Stuck as stuck:
            body.game.halt(body, stuck)

    def decide(self, body: Token) -> None:
        """Finish, or open the next round.

        Raises:
            Stuck: the condition is neither true nor false.
        """
        if self._goes_on(body):
            self._open(body)
        else:
            body.game.finish(body, {})

    def _goes_on(self, body: Token) -> bool:
        begun = body.internal_data["next"]
        if self.maximum is not None and begun >= self.maximum:
            return False
        seen = body.game.detached(body.variables, {"loopCounter": begun})
        return self.condition is None or body.game.holds(self.condition, seen)

    def _open(self, body: Token) -> None:
        body.internal_data["next"] += 1
        token = body.game.host_token(body, body.task_spec)
        body.game.own_scope(token).declare("loopCounter", body.internal_data["next"])


def _counts_after(counts: dict[str, Any]) -> dict[str, Any]:
    """What a completion condition may read, as it will be once this round is over."""
    return {
        "numberOfInstances": counts["total"],
        "numberOfActiveInstances": counts["active"] - 1,
        "numberOfCompletedInstances": counts["done"] + 1,
        "numberOfTerminatedInstances": 0,
    }


def variable_of(formula: Formula) -> str | None:
    """The variable that a formula reads, if it is nothing but a variable or a path into one."""
    match = re.fullmatch(_PATH, formula.text)
    return match["name"] if match is not None else None
