"""What FEEL costs: ``python bench/feel.py`` prints medians of one run, and the bounds the project promised.

Typical gateway conditions against the same comparison through Python's `eval` of pre-compiled code (at most 5 times),
parsing a condition for the first time (under 1 ms), and a decision table whose cost grows at most with its rules.
Beside them, without a bound, two conditions that call functions, and the first expression of a new process.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from complaintflow import feel
from complaintflow.dmn import DecisionModel

CONTEXT = {
    "amount": 150, "price": 99.5, "severity": "high", "agrees": True, "appeal": None,
    "order": {"total": 80, "items": [{"price": 12}, {"price": 30}]},
}  # fmt: skip
TYPICAL = (
    ('amount > 100 and severity = "high"', "amount > 100 and severity == 'high'"),
    ("price <= 100", "price <= 100"),
    ("order.total >= 50", "order['total'] >= 50"),
    ('severity in ("high", "urgent")', "severity in ('high', 'urgent')"),
    ("amount in [100..200]", "100 <= amount <= 200"),
    ("agrees and not(amount < 50)", "agrees and not amount < 50"),
    ("appeal = null", "appeal is None"),
)
RICHER = (
    ("count(order.items) > 1", "len(order['items']) > 1"),
    (
        "sum(order.items.price) > 40 or some item in order.items satisfies item.price > 100",
        "sum(i['price'] for i in order['items']) > 40 or any(i['price'] > 100 for i in order['items'])",
    ),
)
START = """import time
from complaintflow import feel
start = time.perf_counter()
feel.parse('amount > 100 and severity = "high"')
print(time.perf_counter() - start)"""
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
    """Print what each condition costs; the result is the largest ratio of a typical one."""
    ratios = []
    for text, python in (*TYPICAL, *RICHER):
        expression = feel.parse(text)
        code = compile(python, "bench", "eval")
        ours, theirs = medians((partial(expression.evaluate, CONTEXT), 200), (partial(eval, code, {}, CONTEXT), 200))
        ratios.append(ours / theirs)
        print(f"{ours * 1e6:8.2f} us  {ours / theirs:5.1f} x Python  {text}")
    return max(ratios[: len(TYPICAL)])


def first_parse() -> float:
    """Print what it costs to parse a condition that was never seen; the grammar is built before, once."""
    feel.parse("1 = 1")
    numbers = iter(range(10**9))
    [spent] = medians((lambda: feel.parse(f'amount > {next(numbers)} and severity = "high"'), 10))
    print(f"{spent * 1e3:8.2f} ms  parse a condition for the first time")
    return spent


def first_of_a_process() -> None:
    """Print what the first expression of a new process costs, modules and table included."""
    runs = [subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True) for _ in range(5)]
    print(f"{statistics.median(float(run.stdout) for run in runs) * 1e3:8.2f} ms  the first expression of a process")


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
    first_of_a_process()
    kept = {
        "typical conditions at most 5 x Python": conditions() <= 5,
        "first parse under 1 ms": first_parse() < 1e-3,
        "table at most linear": tables() <= 1.15,
    }
    for bound, holds in kept.items():
        print(f"{'kept  ' if holds else 'BROKEN'}  {bound}")
    return 0 if all(kept.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
