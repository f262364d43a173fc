"""The page ``docs/bpmn.md``, made from the matrix: ``python -m tests.matrix.table > docs/bpmn.md``.

A file ``stock.csv`` beside this one (``row,verdict``; the row is ``Row.id``) adds a column: what SpiffWorkflow by
itself does with the same diagram.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from tests.matrix import refusals
from tests.matrix.test_matrix import ROWS

STOCK = Path(__file__).with_name("stock.csv")

_HEAD = """# BPMN: what runs, and how

This page is generated from the tests (`tests/matrix/`): for each row there is a tiny diagram, and the trace that it
must give is checked as it runs, and again with the case stored and read between all steps. Where Camunda 8 defines
a meaning it is Camunda 8's; elsewhere it is that of the standard (BPMN 2.0.2). Expressions are FEEL. What is not
here is refused at load with file, element and what to draw instead; `complaintflow check` lists everything that is
refused.

## What runs
"""

_CHOICES = """
## Where the standard leaves room

* **Compensation** begins all handlers at once, in the reverse order of completion, as in Camunda 8; the throwing
  event waits for all of them. A sub-process with a handler of its own is undone by that handler alone.
* **Ad-hoc sub-processes** without `zeebe:adHoc` offer their activities to people: a user task as itself, any other
  activity as a task whose completion begins it. Without a completion condition each is done once; with one, it is
  offered again until the condition holds. What activities write goes to the variables around the sub-process.
* **Complex gateways** read `activationCount`, the number of incoming flows that have brought a token, and
  `waitingForStart`. When the gateway takes in late tokens, only outgoing flows whose condition reads
  `waitingForStart` are asked again: everything behind the others would be done twice.
* **Conditional events** are asked when they begin to wait, and after each change of a variable they read. A value
  that is not there yet does not hold. Conditions that ask the clock are refused: draw a timer.
* **Several definitions at one event**: messages, signals, timers and conditions stand together, any of them or
  (parallel) all; errors and escalations stand with them where any is enough.
* **Data**: variables are what activities read and write. A data object is drawn for people; an association with an
  assignment, a transformation or two names is an input or output mapping.
* **Message and signal starts** are looked for in the newest definitions of the layers at hand: `engine.correlate`,
  `engine.broadcast` or a thrown signal begins the cases, and `engine.evaluate` those with a conditional start.

## What is refused
"""


def page() -> str:
    """The page as text."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    stock = _stock()
    yield from _HEAD.split("\n")
    yield _line("element", "where", "what it does", *(["SpiffWorkflow alone"] if stock else []))
    yield _line(*["---"] * (4 if stock else 3))
    before = ""
    for row in sorted(ROWS, key=lambda row: _place(row.element)):
        shown = row.element if row.element != before else ""
        before = row.element
        yield _line(shown, row.place, row.means, *([stock.get(row.id, "")] if stock else []))
    yield from _CHOICES.split("\n")
    yield _line("element", "where", "draw instead")
    yield _line("---", "---", "---")
    for refusal in refusals.ROWS:
        yield _line(refusal.element, refusal.place, refusal.advice)


def _place(element: str) -> int:
    """Rows of one element stand together, where the first of them does."""
    return [row.element for row in ROWS].index(element)


def _stock() -> dict[str, str]:
    if not STOCK.exists():
        return {}
    with STOCK.open(encoding="utf-8", newline="") as file:
        return {line["row"]: line["verdict"] for line in csv.DictReader(file)}


def _line(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    print(page())
