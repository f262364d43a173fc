"""Counts so small that they tell of somebody are not shown; nor are others from which they could be worked out.

A table is told apart by one or more things (department; type and department), and the sums along each are known too.
On every line of it, and over the whole, what is hidden must be two groups or more and together no smaller than the
smallest count; where it is not, the next smallest group is hidden as well, as long as there is one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

_Key = TypeVar("_Key", bound=tuple[Hashable, ...])


def hidden(counts: Mapping[_Key, int], smallest: int) -> set[_Key]:
    """The groups that are not shown.

    Args:
        counts: group -> how many cases; all groups have the same number of parts.
        smallest: the smallest count that is shown.
    """
    closed = {key for key, count in counts.items() if 0 < count < smallest}
    lines = list(_lines(counts))
    changed = True
    while changed:
        changed = False
        for line in lines:
            gone = [key for key in line if key in closed]
            if not gone or (len(gone) > 1 and sum(counts[key] for key in gone) >= smallest):
                continue
            left = sorted((key for key in line if key not in closed), key=lambda key: (counts[key], repr(key)))
            if left:
                closed.add(left[0])
                changed = True
    return closed


def _lines(counts: Iterable[_Key]) -> Iterable[list[_Key]]:
    keys = list(counts)
    yield keys
    if not keys or len(keys[0]) < 2:
        return
    for place in range(len(keys[0])):
        lines: defaultdict[tuple[Hashable, ...], list[_Key]] = defaultdict(list)
        for key in keys:
            lines[key[:place] + key[place + 1 :]].append(key)
        yield from lines.values()
