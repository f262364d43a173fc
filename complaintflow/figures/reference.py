"""docs/figures.md, made from the registry: ``python -m complaintflow.figures.reference > docs/figures.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from complaintflow.figures.registry import REGISTRY, Definition

_HEAD: Final = """# Figures / 统计指标

`engine.figures("hr", "2026Q3")`, `complaintflow figures hr --quarter 2026Q3`. Every number is defined here and nowhere
else; this page is made from `complaintflow/figures/registry.py`.

* Figures are of the cases of one policy and of a time. A quarter, month or year begins and ends at midnight in the
  policy's zone. Figures of a time that is not over are those until now.
* What is counted was written into the history in the plain while the cases ran (`[facts]` in `policy.toml`, promises,
  beginnings and ends), under the hash chain, and is there when the content is gone. The store counts it; no case is
  opened.
* Of a fact, the last entry of each case within the time counts. So a figure of a time that is over stays what it was,
  whatever is found out later; what is found out later counts when it is written.
* A figure is there if the policy has the facts that it needs. The clause beside it is that of those facts, or of
  `[figures.case]`.
* By department, type or person (`by="department"`): by the case's last value at the end of the time. Persons only where
  `[figures.case] persons` names the fact, and as pseudonyms: `engine.pseudonym("handler", "li.wei")` finds the one you
  know.
* Where figures are told apart, a count of cases below `[figures.case] smallest` is not shown, and neither are others
  from which it could be worked out: on every line of a table either nothing is hidden, or two groups or more that
  together are not below it, as far as there are so many. Deadlines are told apart without that: they are no groups of
  people. What is not covered: all of a group answering alike.
* Each table is protected by itself. Whoever lays several side by side may work out what one of them hides: by type and
  by department, each alone and by both at once; times that overlap, as a month and its quarter, or a quarter that is
  not over on two days; two policies. A report audits the tables on its own page together, no more. So hand out tables
  of times that are over, and one way of telling apart.
* Percentages and amounts have two decimals, rounded half up. Median and nine of ten are values that occurred (nearest
  rank). 0 of 0 is no number.
* Of what nobody answered nothing is concluded: who stayed silent counts neither as satisfied nor as not.

CSV has no cell that a spreadsheet takes for a formula; XLSX (`pip install 'complaintflow[report]'`) has the definitions
on a sheet of its own.
"""


def page() -> str:
    """The whole document."""
    return _HEAD + "".join("\n" + "\n".join(_section(one)) + "\n" for one in REGISTRY.values())


def _section(one: Definition) -> Iterator[str]:
    yield f"## `{one.id}`: {one.label['en']} / {one.label['zh']}"
    yield ""
    yield f"Unit: {one.unit}." + (f" Needs: {', '.join(f'`{fact}`' for fact in one.facts)}." if one.facts else "")
    if one.parts:
        yield f"Also told apart by {', '.join(one.parts)}, where the policy has it."
    yield ""
    yield f"* {one.numerator['en']}  \n  {one.numerator['zh']}"
    if one.denominator["en"] != "-":
        yield f"* of: {one.denominator['en']}  \n  {one.denominator['zh']}"


if __name__ == "__main__":
    sys.stdout.write(page())
