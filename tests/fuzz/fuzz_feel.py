"""Coverage-guided garbage for FEEL and DMN: ``python tests/fuzz/fuzz_feel.py -max_total_time=300 -timeout=10``.

Needs atheris (``pip install atheris``), which is not in the test extra: it has no wheels for every platform. What
comes in are texts, and rows of tokens of the language; whatever they are, only our own errors may come out, and no
input may take longer than libFuzzer's ``-timeout`` allows.
"""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal

import atheris

with atheris.instrument_imports(include=["complaintflow"]):
    from complaintflow import feel
    from complaintflow.dmn import DecisionModel
    from complaintflow.errors import ComplaintflowError
    from complaintflow.feel.library import BUILTINS

LIMITS = feel.Limits(steps=20_000, regex_steps=20_000, list_length=1000, string_length=10_000, text_length=4000)
CONTEXT = {
    "x": 5, "y": "abc", "xs": [1, 2.5, Decimal(3), None, "a", [1], {"a": 1}], "c": {"a": 1, "b c": [1], "": 2},
    "z": float("nan"), "d": dt.date(2024, 2, 29), "o": object(), "n": Decimal("sNaN"), "big": 10**5000, "t": (1, 2),
}  # fmt: skip
WORDS = """
1 -1 0 2.5 1e6000 1e9999 .5 "a" "" "[a-" "(a*)*" null true false [ ] ( ) { } .. , : . " @ @"P1D" @"2024-02-29"
@"10:00:00@Europe/Paris" @"9999-12-31T23:59:59-18:00" @"-P999999999999Y" + - * / ** = != < <= > >= and or not in between
if then else for some every return satisfies instance of function external item partial ? list< context< range< > number
string date years and months duration function(a) a {a: [1..5] ]1..5[ (< 5) `a b` /* */ // \\ \n $1 é 🐎 a b.c {"": "i"
""".split()  # noqa: SIM905 - a list of these would be a page
TOKENS = (*WORDS, *(f"{name}(" for name in BUILTINS), *CONTEXT)
FILE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
<decision id="a" name="a"><variable name="a" typeRef="{type}"/>
<literalExpression><text>{text}</text></literalExpression></decision>
<decision id="b" name="b"><informationRequirement><requiredDecision href="#a"/></informationRequirement>
<decisionTable hitPolicy="COLLECT"><input><inputExpression><text>a</text></inputExpression></input><output/>
<rule><inputEntry><text>{text}</text></inputEntry><outputEntry><text>{text}</text></outputEntry></rule>
</decisionTable></decision></definitions>"""


def text_of(source: atheris.FuzzedDataProvider) -> str:
    """A text, or some tokens in a row."""
    if source.ConsumeBool():
        return str(source.ConsumeUnicode(200))
    count = source.ConsumeIntInRange(1, 30)
    words = [TOKENS[source.ConsumeIntInRange(0, len(TOKENS) - 1)] for _ in range(count)]
    return (" " if source.ConsumeBool() else "").join(words)


def expression(text: str) -> None:
    """As an expression, and as unary tests."""
    warnings: list[feel.Warning] = []
    feel.parse(text, limits=LIMITS).evaluate(CONTEXT, warnings=warnings, limits=LIMITS)
    feel.evaluate(text, {text[:5]: 1}, warnings=warnings, limits=LIMITS)
    if feel.unary_test(text, 5, CONTEXT, limits=LIMITS) not in (True, False, None):
        raise AssertionError(text)
    [str(warning) for warning in warnings]


def decision(text: str, source: atheris.FuzzedDataProvider) -> None:
    """As the expression and the cells of a decision file."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    kind = source.PickValueInList(["", "number", "list&lt;date>", "string", "context&lt;a: number>", "x"])
    file = FILE.format(text=escaped, type=kind) if source.ConsumeBool() else text
    DecisionModel.parse(file).evaluate("b", CONTEXT, limits=LIMITS)


def survive(data: bytes) -> None:
    """Our own errors are fine."""
    source = atheris.FuzzedDataProvider(data)
    text = text_of(source)
    for work in (lambda: expression(text), lambda: decision(text, source)):
        try:
            work()
        except ComplaintflowError as error:
            str(error)


if __name__ == "__main__":
    # Long inputs from the beginning: short ones are one token.
    atheris.Setup([sys.argv[0], "-len_control=0", "-max_len=300", *sys.argv[1:]], survive)
    atheris.Fuzz()
