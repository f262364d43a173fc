"""What FEEL costs: ``python bench/feel.py`` prints medians of one run, and the bounds the project promised.

A typical gateway condition against the same comparison through Python's `eval` of pre-compiled code (at most 5 times),
parsing a condition for the first time (under 1 ms), and a decision table whose cost grows at most with its rules.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from complaintflow import feel
from complaintflow.dmn import DecisionModel

CONTEXT = {"amount": 150, "severity": "high", "order": {"total": 80, "items": [{"price": 12}, {"price": 30}]}}
CONDITIONS = (
    ('amount > 100 and severity = "high"', "amount > 100 and severity == 'high'"),
    ("order.total >= 50", "order['total'] >= 50"),
    ("amount in [100..200]", "100 <= amount <= 200"),
    ("appeal = null", "CONTEXT.get('appeal') is None"),
    (
        "sum(order.items.price) > 40 or some item in order.items satisfies item.price > 100",
        "sum(i['price'] for i in order['items']) > 40 or any(i['price'] > 100 for i in order['items'])",
    ),
)
TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
<decision id="fee" name="fee"><decisionTable id="t" hitPolicy="FIRST"><input id="i1"><inputExpression id="e1">
<text>amount</text></inputExpression></input><input id="i2"><inputExpression id="e2"><text>severity</text>
</inputExpression></input><output id="o1" name="fee"/>{rules}</decisionTable></decision></definitions>"""
RULE = """<rule id="r{n}"><inputEntry id="a{n}"><text>[{n}..{n}]</text></inputEntry><inputEntry id="b{n}">
<text>"low","high"</text></inputEntry><outputEntry id="c{n}"><text>{n} * 2</text></outputEntry></rule>"""


def medians(*works: tuple[Callable[[], object], int], rounds: int = 75) -> list[float]:
    """Seconds of one call of each work, given with its number of calls in a round.

    The works take turns in short rounds and the median round counts, so that a busy machine disturbs all alike.
    """
    spent: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for (work, times), seconds in zip(works, spent, strict=True):
            start = time.perf_counter()
            for _ in range(times):
                work()
            seconds.append((time.perf_counter() - start) / times)
    return [statistics.median(seconds) for seconds in spent]


def conditions() -> float:
    """Print what each condition costs; the result is the ratio of the first, the typical one."""
    ratios = []
    for text, python in CONDITIONS:
        expression = feel.parse(text)
        code = compile(python, "bench", "eval")
        names = {"CONTEXT": CONTEXT, **CONTEXT}
        ours, theirs = medians((partial(expression.evaluate, CONTEXT), 200), (partial(eval, code, {}, names), 200))
        ratios.append(ours / theirs)
        print(f"{ours * 1e6:8.2f} us  {ours / theirs:5.1f} x Python  {text}")
    return ratios[0]


def first_parse() -> float:
    """Print what it costs to parse a condition that was never seen; the grammar is built before, once."""
    feel.parse("1 = 1")
    numbers = iter(range(10**9))
    [spent] = medians((lambda: feel.parse(f'amount > {next(numbers)} and severity = "high"'), 10))
    print(f"{spent * 1e3:8.2f} ms  parse a condition for the first time")
    return spent


def tables() -> float:
    """Print what a decision table costs at 100 and 1,000 rules, the last one hitting; the result is growth per rule."""
    works: list[tuple[Callable[[], object], int]] = []
    with tempfile.TemporaryDirectory() as folder:
        for size in (100, 1000):
            file = Path(folder, f"{size}.dmn")
            file.write_text(TABLE.format(rules="".join(RULE.format(n=n) for n in range(1, size + 1))), encoding="utf-8")
            model = DecisionModel.load(file)
            inputs = {"amount": size, "severity": "high"}
            if model.evaluate("fee", inputs) != size * 2:
                raise SystemExit("the table is wrong")
            works.append((partial(model.evaluate, "fee", inputs), 1000 // size))
    small, large = medians(*works)
    print(f"{small * 1e3:8.2f} ms  a decision table of 100 rules, the last one hits")
    print(f"{large * 1e3:8.2f} ms  a decision table of 1000 rules, the last one hits")
    return large / small / 10


def main() -> int:
    """Run all; 1 if a bound is not kept."""
    kept = {
        "condition at most 5 x Python": conditions() <= 5,
        "first parse under 1 ms": first_parse() < 1e-3,
        "table at most linear": tables() <= 1.15,
    }
    for bound, holds in kept.items():
        print(f"{'kept  ' if holds else 'BROKEN'}  {bound}")
    return 0 if all(kept.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
