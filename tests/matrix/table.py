"""The page ``docs/bpmn.md``, made from the matrix: ``python -m tests.matrix.table > docs/bpmn.md``.

The file ``stock.csv`` beside this one (``row,verdict``; the row is ``Row.id``) says what SpiffWorkflow by itself does
with the same diagram; ``stock`` writes it.
"""

from __future__ import annotations

import csv
from collections import Counter
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
"""

_BESIDE = """
## Beside SpiffWorkflow alone

The last column of the table under "What runs" says what SpiffWorkflow 3.2 does by itself with the same diagram. Here
all {rows} rows give their trace; with SpiffWorkflow alone {theirs} do, and {silent} run to another trace without a
word. A row is an element in a place: the numbers say nothing about how often something is drawn.
"""

_MEANS = {
    "same trace": "does what the row says, at each step",
    "another trace": "runs without complaint, and does something else",
    "fails when run": "raises an error where the row has no incident, or has it elsewhere",
    "refused at load": "is refused by the parser",
    "hangs": "is not done after ten seconds of computing",
    "no counterpart": "is an extension of Camunda 8 for which SpiffWorkflow has nothing to write instead: it cannot be"
    " expected to read it",
}

_RULES = """
How it was asked (`python -m tests.matrix.stock` does it again, and says why for rows that are named):

* **Its own parsers, the better result.** Each diagram is read by `SpiffBpmnParser` and by `BpmnParser`, and run as
  SpiffWorkflow's documentation says: `do_engine_steps`, `refresh_timers`, `send_event`, `task.run()`, services by
  `call_service`. The better of the two results counts. `CamundaParser` is not asked: no row is written in Camunda 7's
  dialect ([dialects](dialects.md)).
* **What is drawn stays, the dialect is SpiffWorkflow's.** FEEL becomes Python (conditions, scripts, the decision
  table), timers become quoted expressions, mappings become pre- and post-scripts, collections become loop references,
  jobs become operators, `propagateAll...="false"` becomes an ioSpecification of the called process, data objects,
  inputs and outputs have their names as ids. What has no other word stays as it is (`loopCounter`,
  `numberOfCompletedInstances`).
* **It is helped where the row is about something else.** Missing start and end events are drawn. Variables that Python
  would miss are set first. What a conditional event reads is a data object that the activities write, as SpiffWorkflow
  wants it. An ad-hoc sub-process without completion condition gets one, and a list of activities that names all of
  them is left out.
* **Waiting is the same.** A service task waits until the row's handler answers, and a message that a handler sends
  until it is sent. A task that raises an error is an incident where the row has one; it is set right and tried again.
* **Other meanings count as other traces**, also where they are meant: a manual or an undefined task waits for a person
  in SpiffWorkflow, Python takes `7` for true, a cycle timer at the start begins all rounds in one case.
* **Storing is not asked.** Our rows hold stored and read between all steps as well; SpiffWorkflow's ran straight
  through.
"""

_CHOICES = """
## Where the standard leaves room

* **Compensation** begins all handlers at once, in the reverse order of completion, as in Camunda 8; the throwing
  event waits for all of them. A sub-process with a handler of its own is undone by that handler alone.
* **Ad-hoc sub-processes** with a task definition ask a handler. Without that and without `zeebe:adHoc` they offer
  their activities to people: a user task as itself, any other activity as a task whose completion begins it. Without a
  completion condition each is done once; with one, it is offered again until the condition holds. What activities
  write goes to the variables around the sub-process.
* **Quantities of tokens** (`startQuantity`, `completionQuantity`) are those of the standard: tokens count whichever
  flow brings them, and so many leave by each flow.
* **Complex gateways** read `activationCount`, the number of incoming flows that have brought a token, and
  `waitingForStart`. When the gateway takes in late tokens, only outgoing flows whose condition reads
  `waitingForStart` are asked again: everything behind the others would be done twice.
* **Conditional events** are asked when they begin to wait, and after each change of a variable they read. A value
  that is not there yet does not hold. Conditions that ask the clock are refused: draw a timer.
* **Several definitions at one event**: messages, signals, timers and conditions stand together, any of them or
  (parallel) all; errors and escalations stand with them where any is enough.
* **Data**: variables are what activities read and write. A data object is drawn for people; an association with an
  assignment, a transformation or two names is an input or output mapping.
* **Correlation** is by key: `zeebe:subscription`, or a `correlationSubscription` of one property, whose `dataPath` is
  evaluated when the case begins to wait. Keys that the first message would make are refused.
* **Several processes in one file** are each a process of its own: started by id, message, signal, data or clock, and
  called. Two files that have one id are refused where nobody says which is meant.
* **Message and signal starts** are looked for in the newest definitions of the layers at hand: `engine.correlate`,
  `engine.broadcast` or a thrown signal begins the cases, and `engine.evaluate` those with a conditional start.

## What is refused
"""


def page() -> str:
    """The page as text."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    stock = _stock()
    verdicts = Counter(stock.values())
    yield from _HEAD.strip().split("\n")
    told = _BESIDE.format(
        ours=len(ROWS), rows=len(ROWS), theirs=verdicts["same trace"], silent=verdicts["another trace"]
    )
    yield from told.split("\n")
    yield _line("the row", "complaintflow", "SpiffWorkflow alone", "which")
    yield _line("---", "--:", "--:", "---")
    for verdict, means in _MEANS.items():
        yield _line(verdict, str(len(ROWS) if verdict == "same trace" else 0), str(verdicts[verdict]), means)
    yield from _RULES.split("\n")
    yield from ("## What runs", "")
    yield _line("element", "where", "what it does", "SpiffWorkflow alone")
    yield _line(*["---"] * 4)
    before = ""
    for row in sorted(ROWS, key=lambda row: _place(row.element)):
        shown = row.element if row.element != before else ""
        before = row.element
        yield _line(shown, row.place, row.means, stock[row.id])
    yield from _CHOICES.split("\n")
    yield _line("element", "where", "draw instead")
    yield _line("---", "---", "---")
    for refusal in refusals.ROWS:
        yield _line(refusal.element, refusal.place, refusal.advice)


def _place(element: str) -> int:
    """Rows of one element stand together, where the first of them does."""
    return [row.element for row in ROWS].index(element)


def _stock() -> dict[str, str]:
    with STOCK.open(encoding="utf-8", newline="") as file:
        return {line["row"]: line["verdict"] for line in csv.DictReader(file)}


def _line(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    print(page())
