"""The diagrams of a policy with their heat: which shades, which words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from complaintflow.picture.heat import SHADES, Piece, Warmth, backward_flows, draw_heat, pool_names
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle
    from complaintflow.report.gathering import Material
    from complaintflow.report.heat import Heat
    from complaintflow.report.writing import Writer

_STEPS: Final = (timedelta(hours=8), timedelta(days=2), timedelta(days=5))
"""Where one shade ends and the next begins: the same in all reports, so that two can be laid side by side."""
_WIDTHS: Final = ((0.5, 6.0), (0.25, 4.5), (0.05, 3.2), (0.0, 2.2))
"""Part of the busiest flow, and the width from there on."""


@dataclass(frozen=True, slots=True)
class Diagram:
    """One process, drawn in pieces from left to right."""

    title: str
    pieces: tuple[Piece, ...]


def legend(writer: Writer) -> list[tuple[str, str]]:
    """Shade and what it means."""
    ends = [writer.lasting(step, short=False) for step in _STEPS]
    words = [writer.say("legend shade first", high=ends[0])]
    words += [writer.say("legend shade", low=low, high=high) for low, high in pairwise(ends)]
    words.append(writer.say("legend shade last", low=ends[-1]))
    return list(zip(SHADES, words, strict=True))


def shade(time: timedelta) -> str:
    """The colour of a wait."""
    return SHADES[sum(time > step for step in _STEPS)]


def rounds(bundle: Bundle) -> dict[tuple[str, str], str]:
    """(process, flow) -> the file it is in, of flows that lead back."""
    found = {}
    for path in _files(bundle):
        back = backward_flows(bundle.files[path], path)
        for process in _processes(bundle, path):
            found.update({(process, flow): path for flow in back})
    return found


def diagrams(
    bundle: Bundle, material: Material, heat: Heat, writer: Writer, names: Mapping[str, str], fonts: str
) -> tuple[list[Diagram], list[str]]:
    """The diagrams that cases came to, and the titles of those that none came to."""
    back, drawn, never = rounds(bundle), [], []
    late = _late(material, heat)
    for number, path in enumerate(_files(bundle), 1):
        processes = _processes(bundle, path)
        title = _title(bundle, path, names)
        if not any(process in processes for process, _ in heat.taken):
            never.append(title)
            continue
        taken = {flow: count for (process, flow), count in heat.taken.items() if process in processes}
        loops = {flow for process, flow in back if process in processes}
        warmth = _warmth(taken, loops, late, heat, material.whole.smallest, writer)
        pieces = draw_heat(bundle.files[path], warmth, names=names, file=path, prefix=f"d{number}-", fonts=fonts)
        if pieces:
            drawn.append(Diagram(title, tuple(pieces)))
    return drawn, never


def _files(bundle: Bundle) -> list[str]:
    """The policy's own diagrams, the outermost first; parts that it shares with other policies are not drawn."""
    home = f"processes/{bundle.home}/"
    own = [path for path in bundle.files if path.startswith(home) and path.endswith(".bpmn")]
    main = str(bundle.process.file)
    return sorted(own, key=lambda path: (path != main, path))


def _processes(bundle: Bundle, path: str) -> list[str]:
    return [spec.process_id for spec in bundle.program.flows.values() if str(spec.file) == path]


def _title(bundle: Bundle, path: str, names: Mapping[str, str]) -> str:
    """What people call the process of a file: the name of its pool."""
    for pool, name in pool_names(bundle.files[path], path):
        if names.get(pool) or name:
            return names.get(pool) or name
    return path.rpartition("/")[2].removesuffix(".bpmn")


def _late(material: Material, heat: Heat) -> dict[str, int]:
    """Element -> late promises that stand at it."""
    found: dict[str, int] = {}
    for one in material.promises:
        element = heat.places.get(one.deadline)
        if element is not None and one.late:
            found[element] = found.get(element, 0) + one.late
    return found


def _warmth(
    taken: Mapping[str, int],
    loops: set[str],
    late: Mapping[str, int],
    heat: Heat,
    smallest: int,
    writer: Writer,
) -> Warmth:
    """Numbers below the smallest are not written: with few visits a time is somebody's."""
    most = max(taken.values(), default=1)
    shades, notes = {}, {}
    for element, times in heat.waits.items():
        half = heat.median(element)
        if half is None:
            continue
        if len(times) < smallest:
            notes[element] = writer.say("few badge")
            continue
        shades[element], notes[element] = shade(half), writer.lasting(half, short=True)
    widths = {flow: next(width for part, width in _WIDTHS if count >= part * most) for flow, count in taken.items()}
    counts = {
        flow: writer.say("count badge", count=count) if count >= smallest else writer.say("few badge")
        for flow, count in taken.items()
        if flow in loops
    }
    alarms = {element: writer.say("late badge", late=number) for element, number in late.items()}
    return Warmth(shades, notes, alarms, widths, counts)
