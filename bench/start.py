"""What it costs to begin: ``python bench/start.py [--runs 20] [--seed 1]``.

Each run is a fresh process with compiled byte code, as an installed package has it. All contestants run once in each
round, in an order that is drawn anew, so that a busy machine disturbs all alike. Printed is processor time (and the
wall's beside it), min/median/max in milliseconds:

* ``bare``      what ``import complaintflow`` needs from elsewhere, for its root is lazy.
* ``package``   ``import complaintflow`` itself, and the multiple of ``bare``.
* ``needs``     what ``from complaintflow import run_process`` needs from elsewhere: the same modules without ours.
* ``import``    ``from complaintflow import run_process`` itself, and the multiple of ``needs``.
* ``all needs`` everything from elsewhere that a first case needs, the database's library and the calendars included.
* ``all``       all modules that a first case needs, ours too, imported and not used, and the multiple of ``all needs``.
* ``first``     the first ``run_process`` after the import, its database created.
* ``program``   import and first case together, and the multiple of ``all needs``.
* ``second``    a second case in the same process.

A neighbour on the machine makes a run longer, never shorter: twice as long in its worst minutes, and not by one factor,
for what works through more memory suffers more. So a multiple is that of the two minima, which come near to what the
work itself costs once there are some twenty rounds; in brackets is the middle half of the multiples of single rounds,
which says how far the machine's mood would have moved it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAYLOAD = {"channel": "phone", "reporter": {"name": "Zhao Min", "phone": "555-0100"}, "content": "The soup was cold."}
NAME = "from complaintflow import run_process"
CASE = f"run_process('customer', {PAYLOAD!r})"
MODULES = "import json, sys; print(json.dumps([name for name in sys.modules if not name.startswith('__')]))"


def timed(*steps: str) -> str:
    """A script that runs the steps and prints the processor's and the wall's milliseconds of each."""
    lines = ["from time import perf_counter, process_time", "times = []"]
    for step in steps:
        lines += ["start = process_time(), perf_counter()", step]
        lines += ["times.append([(process_time() - start[0]) * 1000, (perf_counter() - start[1]) * 1000])"]
    return "\n".join([*lines, "import json; print(json.dumps(times))"])


def importing(names: list[str], *, ours: bool = False) -> str:
    """Import modules in the order in which they were loaded, without those of ours unless ``ours``."""
    elsewhere = [name for name in names if not name.startswith("_") and (ours or name.split(".")[0] != "complaintflow")]
    loop = "for name in names:\n    try: importlib.import_module(name)\n    except ImportError: pass"
    return f"import importlib\nnames = {elsewhere!r}\n{loop}"


def run(script: str, codes: Path) -> list[list[float]]:
    """What the script prints, in a process and a folder of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(codes)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment.pop("COMPLAINTFLOW_DATABASE_URL", None)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    found: list[list[float]] = json.loads(done.stdout)
    return found


def measure(runs: int, seed: int) -> dict[str, list[list[float]]]:
    """Contestant -> processor and wall time of each round."""
    order = random.Random(seed)
    results: dict[str, list[list[float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        codes = Path(folder)
        run(f"{NAME}\n{CASE}\nprint('[]')", codes)  # writes the byte code
        always = run(MODULES, codes)  # what Python loads by itself, and what is needed to ask
        bare = importing([str(name) for name in run(f"import complaintflow\n{MODULES}", codes) if name not in always])
        needs = importing([str(name) for name in run(f"{NAME}\n{MODULES}", codes)])
        loaded = [str(name) for name in run(f"{NAME}\n{CASE}\n{MODULES}", codes)]
        scripts = {
            ("bare",): timed(bare),
            ("package",): timed("import complaintflow"),
            ("needs",): timed(needs),
            ("all needs",): timed(importing(loaded)),
            ("all",): timed(importing(loaded, ours=True)),
            ("import", "first", "second"): timed(NAME, CASE, CASE),
        }
        for number in range(runs):
            print(f"\r{number + 1}/{runs}", end="", file=sys.stderr, flush=True)
            for names in order.sample([*scripts], len(scripts)):
                for name, times in zip(names, run(scripts[names], codes), strict=True):
                    results[name].append(times)
    print("\r", end="", file=sys.stderr)
    both = zip(results["import"], results["first"], strict=True)
    results["program"] = [[sum(pair) for pair in zip(*times, strict=True)] for times in both]
    return results


def multiple(times: list[float], base: list[float]) -> str:
    """How many times the base: by the minima, and the middle half of single rounds."""
    low, _, high = statistics.quantiles([one / other for one, other in zip(times, base, strict=True)], n=4)
    return f"{min(times) / min(base):.2f}x ({low:.2f} to {high:.2f})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20, help="rounds, 2 or more")
    parser.add_argument("--seed", type=int, default=1, help="of the order in each round")
    given = parser.parse_args()
    results = measure(given.runs, given.seed)
    base = {"package": "bare", "import": "needs", "all": "all needs", "program": "all needs"}
    print(f"{'':10} {'processor ms: min':>18} {'median':>8} {'max':>8} {'wall ms: min':>14}")
    for name in ("bare", "package", "needs", "import", "all needs", "all", "first", "program", "second"):
        times, walls = zip(*results[name], strict=True)
        line = f"{name:10} {min(times):18.0f} {statistics.median(times):8.0f} {max(times):8.0f} {min(walls):14.0f}"
        if name in base:
            line += f"   {multiple(list(times), [time for time, _ in results[base[name]]])} of {base[name]}"
        print(line)


if __name__ == "__main__":
    main()
