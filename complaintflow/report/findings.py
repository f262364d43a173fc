"""What the figures say is wrong, in sentences, and what a review should ask. Causes and remedies are for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from complaintflow.records import dataclass
from complaintflow.report.gathering import received
from complaintflow.report.words import BETTER

if TYPE_CHECKING:
    from complaintflow.figures.table import Figure
    from complaintflow.report.gathering import Kept, Material
    from complaintflow.report.heat import Heat
    from complaintflow.report.writing import Writer

_MOST: Final = 5
_FEW: Final = 3
_MUCH_OF_ALL: Final = Decimal("0.3")
_WORSE: Final[Mapping[str, tuple[Decimal, Decimal]]] = {
    # By so many of its unit at least, and by such a part of what it was.
    "%": (Decimal(5), Decimal(0)),
    "points": (Decimal("0.2"), Decimal(0)),
    "days": (Decimal(1), Decimal("0.15")),
    "working days": (Decimal(1), Decimal("0.15")),
    "money": (Decimal(1), Decimal("0.15")),
}
_ENOUGH: Final = 10
"""With fewer cases than that, a change says little."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence, and the question that follows from it."""

    text: str
    question: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What problems are looked for in.

    Attributes:
        deadline: what people call a deadline; ``element`` and ``flow`` likewise.
        rounds: (process, flow) -> the flows that lead back.
    """

    material: Material
    heat: Heat
    writer: Writer
    deadline: Callable[[str], str]
    element: Callable[[str], str]
    rounds: Mapping[tuple[str, str], str]


def problems(scene: Scene) -> list[Problem]:
    """The worst first, within each kind."""
    found = [*_late(scene), *_open(scene), *_worse(scene), *_more(scene), *_type(scene), *_wait(scene)]
    return [*found, *_rounds(scene), *_reopened(scene)]


def _late(scene: Scene) -> list[Problem]:
    say, writer = scene.writer.say, scene.writer
    late = sorted((one for one in scene.material.promises if one.late), key=_gravity)
    names = [scene.deadline(one.deadline) for one in late[:_MOST]]
    # One question for all of them: five times the same says less.
    question = say("question late", names=writer.listed(names))
    found = [
        Problem(
            say("problem late", name=name, late=one.late, due=one.due, share=writer.share(one.kept, one.due)),
            question if one is late[0] else "",
        )
        for one, name in zip(late, names, strict=False)
    ]
    if len(late) > _MOST:
        found.append(Problem(say("more problems", count=len(late) - _MOST), ""))
    return found


def _gravity(one: Kept) -> tuple[int, str]:
    return -one.late, one.deadline


def _open(scene: Scene) -> list[Problem]:
    still = sorted((one for one in scene.material.promises if one.open), key=lambda one: (-one.open, one.deadline))
    if not still:
        return []
    say = scene.writer.say
    names = [say("counted name", name=scene.deadline(one.deadline), count=one.open) for one in still]
    word = "problem open" if len(names) <= _FEW else "problem open most"
    number = scene.writer.number(sum(one.open for one in still))
    return [Problem(say(word, open=number, names=scene.writer.listed(names[:_FEW])), say("question open"))]


def _worse(scene: Scene) -> list[Problem]:
    found: dict[str, Problem] = {}
    for one in scene.material.whole:
        before = scene.material.before.get(one.id) if not one.by else None
        # Of the four ways to say how long it takes, the first that got worse is enough.
        kind = "time" if one.unit in ("days", "working days") else one.id
        if before is None or one.id not in BETTER or kind in found or not _is_worse(one, before):
            continue
        label, unit = one.definition.label[scene.writer.language], one.unit
        text = scene.writer.say(
            "problem worse",
            label=label,
            value=scene.writer.amount(one.value or 0, unit),
            before=scene.writer.amount(before.value or 0, unit),
        )
        found[kind] = Problem(text, scene.writer.say("question worse", label=label))
    return list(found.values())


def _is_worse(one: Figure, before: Figure) -> bool:
    if one.value is None or before.value is None or one.unit not in _WORSE:
        return False
    if any(base is not None and base < _ENOUGH for base in (one.denominator, before.denominator)):
        return False
    least, part = _WORSE[one.unit]
    change = (before.value - one.value) * BETTER[one.id]
    return change >= max(least, part * before.value)


def _more(scene: Scene) -> list[Problem]:
    now, before = scene.material.whole.get("received"), scene.material.before.get("received")
    if now is None or before is None or not now.value or not before.value:
        return []
    if now.value < before.value * Decimal("1.2") or now.value - before.value < _ENOUGH:
        return []
    if scene.material.whole.counted_until < scene.material.period.until:
        return []
    value, earlier = scene.writer.number(now.value), scene.writer.number(before.value)
    return [
        Problem(
            scene.writer.say("problem received", value=value, before=earlier), scene.writer.say("question received")
        )
    ]


def _type(scene: Scene) -> list[Problem]:
    figures, whole = scene.material.parts.get("type"), scene.material.whole.get("received")
    if figures is None or whole is None or not whole.value:
        return []
    shown = {kind: count for kind, count in received(figures, "type").items() if kind is not None and count}
    if not shown:
        return []
    kind = min(shown, key=lambda one: (-shown[one], one))
    count, total = shown[kind], int(whole.value)
    if count < _MUCH_OF_ALL * total or len(shown) < 2:
        return []
    writer, name = scene.writer, scene.writer.name(kind)
    share = writer.share(count, total)
    text = writer.say("problem type", name=name, share=share, count=writer.number(count), whole=writer.number(total))
    return [Problem(text, writer.say("question type", name=name))]


def _wait(scene: Scene) -> list[Problem]:
    smallest, heat = scene.material.whole.smallest, scene.heat
    shown = [element for element, times in heat.waits.items() if len(times) >= smallest]
    everything = sum((heat.total(element) for element in heat.waits), timedelta())
    if not shown or not everything:
        return []
    element = min(shown, key=lambda one: (-heat.total(one), one))
    half, share = heat.median(element) or timedelta(), heat.total(element) / everything
    writer, name = scene.writer, scene.element(element)
    percent = writer.number(Decimal(str(round(share * 100, 1))), "%")
    text = writer.say("problem wait", name=name, half=writer.lasting(half), share=percent)
    return [Problem(text, writer.say("question wait", name=name))]


def _rounds(scene: Scene) -> list[Problem]:
    smallest, taken = max(scene.material.whole.smallest, 1), scene.heat.taken
    often = [flow for flow in scene.rounds if taken[flow] >= smallest]
    often.sort(key=lambda flow: (-taken[flow], flow))
    return [
        Problem(
            scene.writer.say("problem loop", name=scene.rounds[flow], count=scene.writer.number(taken[flow])),
            scene.writer.say("question loop", name=scene.rounds[flow]),
        )
        for flow in often[:2]
    ]


def _reopened(scene: Scene) -> list[Problem]:
    one = scene.material.whole.get("reopened")
    if one is None or not one.value:
        return []
    word = "problem reopened one" if one.value == 1 else "problem reopened"
    text = scene.writer.say(word, value=scene.writer.number(one.value))
    return [Problem(text, scene.writer.say("question reopened"))]
