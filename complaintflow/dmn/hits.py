"""Hit policies and aggregations (DMN 1.5, 8.2.10 and 8.2.11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from complaintflow.dmn import tree
from complaintflow.dmn.language import Vocabulary
from complaintflow.dmn.run import Run
from complaintflow.errors import DecisionError, InvalidDecision
from complaintflow.feel import comparison
from complaintflow.feel.values import Failure, describe

Value = Any


class Hit(NamedTuple):
    """A rule that matched, and its output: the value of the only column, or a context of all."""

    rule: tree.Rule
    value: Value


Decided: TypeAlias = tuple[list[tree.Rule], Value]
"""The rules whose outputs were taken, and the result of the table."""

Policy: TypeAlias = Callable[[list[Hit], Run], Decided]

_AGGREGATES: Final = {"SUM": "sum(values)", "MIN": "min(values)", "MAX": "max(values)"}


class Ranks:
    """The priority of output values: those listed first come first, those not listed last."""

    def __init__(self, values: Sequence[Value]) -> None:
        self._values = values

    def of(self, value: Value) -> int:
        """The place of a value in the list, counted from 0."""
        for place, listed in enumerate(self._values):
            try:
                if comparison.member(value, listed) is True:
                    return place
            except Failure:
                continue
        return len(self._values)


def policy_code(table: tree.Table, ranks: Sequence[Ranks | None], where: str) -> Policy:
    """What a table's hit policy does with the rules that matched.

    Args:
        ranks: for each output column the order of its values, or None if it has none.

    Raises:
        InvalidDecision: PRIORITY or OUTPUT ORDER without an order.
    """
    if table.policy in ("PRIORITY", "OUTPUT ORDER"):
        if all(each is None for each in ranks):
            raise InvalidDecision(
                f"hit policy {table.policy} needs the order of the output values, and no output column lists them",
                where=where,
                advice="list the output values in falling priority, or choose another hit policy",
            )
        by_rank = _sorter([each.name for each in table.outputs], ranks)
        return _priority(by_rank) if table.policy == "PRIORITY" else _all(by_rank)
    if table.policy == "UNIQUE":
        return _unique(where)
    if table.policy == "ANY":
        return _any(where)
    if table.policy == "FIRST":
        return _first
    return _aggregate(table.aggregation, where) if table.aggregation else _all(lambda hits: hits)


def _rules(hits: list[Hit]) -> list[tree.Rule]:
    return [hit.rule for hit in hits]


def _labels(hits: list[Hit]) -> str:
    *most, last = [hit.rule.label for hit in hits]
    return f"{', '.join(most)} and {last}"


def _first(hits: list[Hit], run: Run) -> Decided:
    return _rules(hits[:1]), hits[0].value if hits else None


def _unique(where: str) -> Policy:
    def decide(hits: list[Hit], run: Run) -> Decided:
        if len(hits) > 1:
            raise DecisionError(
                f"hit policy UNIQUE allows one rule, but {len(hits)} match: {_labels(hits)}",
                where=where,
                advice="make the rules exclude each other, or choose another hit policy",
            )
        return _first(hits, run)

    return decide


def _any(where: str) -> Policy:
    def decide(hits: list[Hit], run: Run) -> Decided:
        different = [hit for hit in hits[1:] if comparison.equal(hit.value, hits[0].value) is not True]
        if different:
            values = "; ".join(f"{hit.rule.label}: {_shown(hit.value)}" for hit in (hits[0], *different))
            raise DecisionError(
                f"hit policy ANY allows several rules only with the same output, but {values}",
                where=where,
                advice="give the rules the same output, make them exclude each other, or choose another hit policy",
            )
        return _rules(hits), hits[0].value if hits else None

    return decide


def _shown(value: Value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} = {describe(each)}" for name, each in value.items())
    return describe(value)


def _sorter(names: Sequence[str], ranks: Sequence[Ranks | None]) -> Callable[[list[Hit]], list[Hit]]:
    """Sorts hits by falling priority: the first column decides, then the next (8.2.10); rule order among equals."""

    def key(hit: Hit) -> tuple[int, ...]:
        values = [hit.value] if len(names) == 1 else [hit.value[name] for name in names]
        return tuple(rank.of(value) for rank, value in zip(ranks, values, strict=True) if rank is not None)

    return lambda hits: sorted(hits, key=key)


def _priority(by_rank: Callable[[list[Hit]], list[Hit]]) -> Policy:
    return lambda hits, run: _first(by_rank(hits), run)


def _all(order: Callable[[list[Hit]], list[Hit]]) -> Policy:
    """Every hit; an empty list when there is none, so that what counts or loops over it needs no special case."""

    def decide(hits: list[Hit], run: Run) -> Decided:
        ordered = order(hits)
        return _rules(ordered), [hit.value for hit in ordered]

    return decide


def _aggregate(aggregation: tree.Aggregation, where: str) -> Policy:
    """COLLECT with SUM, MIN or MAX is null when no rule matches; COUNT is 0."""
    if aggregation == "COUNT":
        return lambda hits, run: (_rules(hits), len(hits))
    code = Vocabulary().expression(_AGGREGATES[aggregation], where)

    def decide(hits: list[Hit], run: Run) -> Decided:
        if not hits:
            return [], None
        return _rules(hits), code({"values": [hit.value for hit in hits]}, run)

    return decide
