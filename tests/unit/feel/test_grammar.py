"""The parser runs the table of the grammar that stands beside it."""

from __future__ import annotations

import subprocess
import sys
import time

from complaintflow import feel
from complaintflow.feel import grammar


def test_table_is_that_of_the_grammar() -> None:
    """``feel.table.json`` is what ``feel.lark`` gives; if not: python -m complaintflow.feel.grammar."""
    assert grammar.TABLE.read_text(encoding="utf-8") == grammar.written()


def test_grammar_is_not_read_at_run_time() -> None:
    """The first expression of a process does without lark, whose table takes longer than all the rest."""
    code = "import sys; from complaintflow import feel; feel.parse('a > 1'); print('lark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_long_rows_are_not_quadratic() -> None:
    """Lists, sums and contexts of thousands of parts are parsed in a time that goes with their length."""
    start = time.process_time()
    feel.parse("[" + "1," * 8000 + "1]")
    feel.parse(" + ".join(["1"] * 8000))
    feel.parse(" and ".join(["x"] * 8000))
    feel.parse("{" + ", ".join(f"a {n}: a {n - 1}" for n in range(3000)) + "}")
    assert time.process_time() - start < 6
