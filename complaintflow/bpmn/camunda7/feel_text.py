"""Writing FEEL for JUEL: the same value for every input, or a doubt that says where the two would part.

JUEL coerces (null is 0, "" or false; "3" is 3; anything is a text), FEEL does not. What is written here gives the same
value wherever JUEL does not have to coerce, and for null where truth values and conditions are concerned; where JUEL
would coerce a text into a number or truth value, FEEL gives null, which stays null to the end, and a condition becomes
an incident: never another value, never another branch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import field
from decimal import Decimal
from typing import Final

from complaintflow.bpmn.camunda7.juel import Binary, Call, Choice, Index, Juel, Literal, Name, Property, Unary
from complaintflow.records import dataclass

# Names that Camunda 7 provides and that are no variables of the case.
PROVIDED: Final = frozenset(
    {"execution", "task", "caseExecution", "connector", "authenticatedUserId", "currentUser", "processEngine"}
)
_COUNTERS: Final = {
    "nrOfInstances": "numberOfInstances",
    "nrOfActiveInstances": "numberOfActiveInstances",
    "nrOfCompletedInstances": "numberOfCompletedInstances",
}
_PLAIN: Final = re.compile(r"[^\W\d]\w*")
_EMPTY: Final = '[null, "", [], {}]'


@dataclass(frozen=True, slots=True)
class Feel:
    """A piece of FEEL.

    Attributes:
        kind: boolean, number, text or any.
        sure: it is never null.
        true: it is null where JUEL has null too, and not because something could not be converted.
    """

    text: str
    kind: str = "any"
    sure: bool = False
    true: bool = False

    @property
    def settled(self) -> bool:
        """Whether null may be taken at its word: what JUEL would have converted must stay null to the end."""
        return self.sure or self.true


def _is_number(found: Feel) -> bool:
    """Whether it is one for certain; what may be a text as well is null in FEEL's arithmetic."""
    return found.sure and found.kind == "number"


def variable(tree: Juel) -> str | None:
    """The variable of ``execution.getVariable("x")``; None for anything else."""
    if not isinstance(tree, Call) or not isinstance(tree.base, Name) or tree.base.name not in PROVIDED:
        return None
    if tree.name not in ("getVariable", "getVariableLocal") or len(tree.arguments) != 1:
        return None
    (said,) = tree.arguments
    return said.text if isinstance(said, Literal) and said.kind == "text" else None


@dataclass(slots=True)
class Writer:
    """Writes one expression.

    Attributes:
        counting: the expression is a loop's completion condition, which may ask for the counters.
        doubts: where FEEL would mean something else; empty when it means the same.
        hopeless: some part has no FEEL at all, so the text is no advice either.
        names: the variables that were read.
    """

    counting: bool = False
    doubts: list[str] = field(default_factory=list)
    hopeless: bool = False
    names: set[str] = field(default_factory=set)

    def write(self, tree: Juel) -> Feel:
        """The FEEL of a tree; see ``doubts`` before you use it."""
        if isinstance(tree, Literal):
            return _literal(tree)
        if isinstance(tree, Name):
            return self._name(tree.name)
        if isinstance(tree, Property):
            return self._property(tree)
        if isinstance(tree, Index):
            return self._index(tree)
        if isinstance(tree, Call):
            return self._call(tree)
        if isinstance(tree, Unary):
            return self._unary(tree)
        if isinstance(tree, Choice):
            return self._choice(tree)
        return self._binary(tree)

    def truth(self, tree: Juel) -> str:
        """An operand as JUEL takes it for a truth value: null is false."""
        found = self.write(tree)
        if found.kind in ("text", "number"):
            self.doubts.append(f"JUEL turns {found.text} into true or false, FEEL does not")
        return found.text if found.kind == "boolean" else f"({self._settled(found)} = true)"

    def _settled(self, found: Feel) -> str:
        """An operand whose null counts as an answer."""
        if not found.settled:
            self.doubts.append(f"{found.text} may be null in FEEL where JUEL converts a value")
        return found.text

    def no(self, reason: str) -> Feel:
        """Something that has no FEEL."""
        self.doubts.append(reason)
        self.hopeless = True
        return Feel("null")

    # -- names and paths --------------------------------------------------------------------

    def _name(self, name: str) -> Feel:
        if name in PROVIDED:
            return self.no(f"'{name}' belongs to Camunda 7's engine and is not there")
        if name in _COUNTERS:
            if not self.counting:
                self.doubts.append(f"'{name}' is only known in a completion condition")
            self.names.add(_COUNTERS[name])
            return Feel(_COUNTERS[name], "number", sure=True)
        if name in ("case", "policy"):
            self.doubts.append(f"'{name}' is a name of complaintflow's own; rename the variable")
        self.names.add(name)
        return Feel(name if _PLAIN.fullmatch(name) else f"`{name}`", "any", true=True)

    def _property(self, tree: Property) -> Feel:
        if isinstance(tree.base, Name) and tree.base.name == "execution":
            known = _EXECUTION.get(tree.name)
            return Feel(known, "text", sure=True) if known else self.no(f"execution.{tree.name} has no FEEL")
        base = self.write(tree.base)
        if base.text == "decisionResult" and tree.name in _DECISION_RESULT:
            self.doubts.append(f"decisionResult has no {tree.name}; choose it as mapDecisionResult")
        if _PLAIN.fullmatch(tree.name):
            return Feel(f"{base.text}.{tree.name}", true=base.true)
        # Of a list JUEL would take the text for a number.
        return Feel(
            f"get value({base.text}, {quoted(tree.name)})", true=base.true and not tree.name.strip("+-").isdigit()
        )

    def _index(self, tree: Index) -> Feel:
        """An item of a list, counted from 0, or the value of a map's key: which it is, is known only when it runs.

        A list has no item before its first, a map that is JSON no key that is a number; both give null.
        """
        base, index = self.write(tree.base), tree.index
        is_list = f"{base.text} instance of list<Any>"
        if isinstance(index, Literal) and index.kind == "number" and index.text.isdigit():
            return Feel(f"(if {is_list} then {base.text}[{int(index.text) + 1}] else null)", true=base.true)
        found = self.write(index)
        if found.kind == "boolean":
            self.doubts.append(f"JUEL turns {found.text} into an index, FEEL does not")
        # A filter would look into the items for the index's name; a part of the list does not.
        item = f"if {found.text} >= 0 then sublist({base.text}, floor({found.text}) + 1, 1)[1] else null"
        return Feel(f"(if {is_list} then ({item}) else get value({base.text}, {found.text}))")

    # -- operators --------------------------------------------------------------------------

    def _unary(self, tree: Unary) -> Feel:
        if tree.operator == "not":
            return Feel(f"not({self.truth(tree.operand)})", "boolean")
        operand = self.write(tree.operand)
        if tree.operator == "empty":
            return Feel(f"list contains({_EMPTY}, {self._settled(operand)})", "boolean", sure=True)
        return Feel(f"(-{self._number(operand)})", "number", _is_number(operand))

    def _binary(self, tree: Binary) -> Feel:
        operator = tree.operator
        if operator in ("and", "or"):
            return Feel(f"({self.truth(tree.left)} {operator} {self.truth(tree.right)})", "boolean")
        left, right = self.write(tree.left), self.write(tree.right)
        if operator in ("==", "!="):
            return self._equal(operator, left, right)
        if operator in ("<", ">", "<=", ">="):
            self._same_kind(left, right)
            return Feel(f"({left.text} {operator} {right.text})", "boolean", left.sure and right.sure)
        a, b = self._number(left), self._number(right)
        numbers = _is_number(left) and _is_number(right)
        sure = numbers and operator in ("-", "*")
        if operator == "+":
            # A sum of texts is no number; a plus would join them.
            plain = "number" in (left.kind, right.kind)
            return Feel(f"({a} + {b})" if plain else f"sum([{a}, {b}])", "number", numbers)
        if operator == "%":
            # The remainder has the sign of the dividend, FEEL's modulo that of the divisor.
            return Feel(f"({a} - {b} * (if {a} / {b} < 0 then ceiling({a} / {b}) else floor({a} / {b})))", "number")
        return Feel(f"({a} {operator} {b})", "number", sure)

    def _equal(self, operator: str, left: Feel, right: Feel) -> Feel:
        sign = "=" if operator == "==" else "!="
        if "null" not in (left.text, right.text):
            self._same_kind(left, right)
        sure = "null" in (left.text, right.text) or (left.kind == right.kind != "any" and left.sure and right.sure)
        text = f"({left.text} {sign} {right.text})"
        unsettled = [side.text for side in (left, right) if not side.settled]
        if unsettled:
            # What could not be converted is not another value.
            unknown = " or ".join(f"{side} = null" for side in unsettled)
            return Feel(f"(if {unknown} then null else {text})", "boolean")
        return Feel(text, "boolean", sure)

    def _choice(self, tree: Choice) -> Feel:
        condition = self.write(tree.condition)
        yes, no = self.write(tree.yes), self.write(tree.no)
        kind = yes.kind if yes.kind == no.kind else "any"
        if not condition.settled and condition.kind != "boolean":
            self._settled(condition)
        if condition.kind in ("text", "number"):
            self.doubts.append(f"JUEL turns {condition.text} into true or false, FEEL does not")
        if condition.kind == "boolean" and condition.sure:
            return Feel(
                f"(if {condition.text} then {yes.text} else {no.text})",
                kind,
                yes.sure and no.sure,
                yes.settled and no.settled,
            )
        # What is neither true nor false is null, not the second branch.
        asked = condition.text if condition.kind == "boolean" else f"{condition.text} = true"
        return Feel(
            f"{{_if: {asked}, _then: if _if = true then {yes.text} "
            f"else if _if = false then {no.text} else null}}._then",
            kind,
        )

    def _number(self, found: Feel) -> str:
        if found.kind in ("text", "boolean") or found.text == "null":
            self.doubts.append(f"JUEL turns {found.text} into a number, FEEL does not")
        return found.text

    def _same_kind(self, left: Feel, right: Feel) -> None:
        kinds = {left.kind, right.kind} - {"any"}
        if len(kinds) > 1 or "null" in (left.text, right.text):
            self.doubts.append(f"JUEL converts {left.text} or {right.text} before it compares them, FEEL does not")

    # -- calls ------------------------------------------------------------------------------

    def _call(self, tree: Call) -> Feel:
        if tree.base is None:
            if tree.name in ("now", "dateTime") and not tree.arguments:
                return Feel("now()")
            return self.no(f"the function {tree.name}() is not there")
        if isinstance(tree.base, Name) and tree.base.name in PROVIDED:
            return self._engine_call(tree)
        known = _METHODS.get((tree.name, len(tree.arguments)))
        if known is None:
            return self.no(f"the method {tree.name}() of a Java object is not there")
        kind, sure, template = known
        arguments = [self.write(argument) for argument in tree.arguments]
        if tree.name == "get":
            return self._get(tree)
        operands = [self._settled(one) for one in (self.write(tree.base), *arguments)]
        return Feel(template(*operands), kind, sure)

    def _engine_call(self, tree: Call) -> Feel:
        base = tree.base.name if isinstance(tree.base, Name) else ""
        name = tree.name
        named = variable(tree)
        if named is not None:
            return self._name(named)
        getter = name[3:4].lower() + name[4:] if name.startswith("get") and not tree.arguments else ""
        if base == "execution" and getter in _EXECUTION:
            return Feel(_EXECUTION[getter], "text", sure=True)
        return self.no(f"{base}.{name}() belongs to Camunda 7's engine and is not there")

    def _get(self, tree: Call) -> Feel:
        assert tree.base is not None
        (key,) = tree.arguments
        if isinstance(key, Literal) and key.kind == "text":
            return self._property(Property(tree.base, key.text))
        return self._index(Index(tree.base, key))


_DECISION_RESULT: Final = frozenset({"singleEntry", "singleResult", "firstResult", "resultList", "collectEntries"})
# The case takes the place of the process instance.
_EXECUTION: Final = {
    "processInstanceId": "case.id",
    "processBusinessKey": "case.key",
    "businessKey": "case.key",
}
_IS_EMPTY: Final = '(if {0} = null then null else list contains([null, "", [], {{}}], {0}))'
_CONTAINS: Final = "(if {0} instance of string then contains({0}, {1}) else list contains({0}, {1}))"


def _method(kind: str, template: str, *, sure: bool = False) -> tuple[str, bool, Callable[..., str]]:
    return kind, sure, template.format


# (name, number of arguments) -> kind, never null, template.
_METHODS: Final[dict[tuple[str, int], tuple[str, bool, Callable[..., str]]]] = {
    ("equals", 1): _method("boolean", "({0} = {1})"),
    ("equalsIgnoreCase", 1): _method("boolean", "(lower case({0}) = lower case({1}))"),
    ("isEmpty", 0): _method("boolean", _IS_EMPTY),
    ("contains", 1): _method("boolean", _CONTAINS),
    ("startsWith", 1): _method("boolean", "starts with({0}, {1})"),
    ("endsWith", 1): _method("boolean", "ends with({0}, {1})"),
    ("length", 0): _method("number", "string length({0})"),
    ("size", 0): _method("number", "count({0})"),
    ("toUpperCase", 0): _method("text", "upper case({0})"),
    ("toLowerCase", 0): _method("text", "lower case({0})"),
    ("trim", 0): _method("text", "trim({0})"),
    ("get", 1): _method("any", "{0}"),
}


def _literal(tree: Literal) -> Feel:
    if tree.kind == "text":
        return Feel(quoted(tree.text), "text", sure=True)
    if tree.kind == "number":
        return Feel(format(Decimal(tree.text), "f"), "number", sure=True)
    return Feel(tree.text, "boolean" if tree.kind == "boolean" else "any", tree.kind == "boolean", true=True)


def quoted(text: str) -> str:
    """A text as FEEL writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def joined(pieces: Iterable[Feel]) -> str:
    """Pieces of a text that are put together; null leaves nothing behind, as in JUEL."""
    return " + ".join(_shown(piece) for piece in pieces)


def _shown(piece: Feel) -> str:
    if piece.kind == "text" and piece.sure:
        return piece.text
    if not piece.settled or piece.sure:
        return f"string({piece.text})"
    return f'(if {piece.text} = null then "" else string({piece.text}))'
