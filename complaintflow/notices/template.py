"""The Jinja2 side of notices: what a template may say, and how it is rendered in bounded time.

A template may print variables, choose with ``if``, go through lists with ``for``, use the filters of
`complaintflow.notices.filters`, call the functions that the engine hands in among the variables (``deadline(...)``),
and include shared parts of its folder. Nothing else of Jinja2: no methods, assignments, macros, inheritance or
arithmetic. What needs working out is worked out in the diagram, where it leaves a trace.

Variables are plain data: ``a.b`` is the entry ``b`` of ``a`` and never an attribute of a Python object. A variable that
is missing or null is an error where it is printed, so that no letter ever says "Dear None"; ``| default("...")`` stands
in for missing, null and empty values.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from decimal import Decimal
from functools import cached_property
from types import CodeType
from typing import Any, NoReturn

import jinja2
from jinja2 import meta, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from complaintflow.errors import ComplaintflowError, InvalidNotice, NoticeError
from complaintflow.notices.filters import FILTERS, Written
from complaintflow.records import dataclass

MAX_OUTPUT = 200_000  # characters of one notice
MAX_TURNS = 10_000  # of all loops of one notice together
MAX_SOURCE = 100_000

ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem,
    nodes.Slice, nodes.Filter, nodes.Keyword, nodes.Test, nodes.If, nodes.CondExpr, nodes.For, nodes.Compare,
    nodes.Operand, nodes.Not, nodes.And, nodes.Or, nodes.Concat, nodes.List, nodes.Tuple, nodes.Neg, nodes.Scope,
    nodes.Call,
)  # fmt: skip
FORBIDDEN_NAMES = frozenset({"self", "super", "caller", "varargs", "kwargs"})


class Missing(jinja2.StrictUndefined):
    """A variable that is not there. Its parts are not there either, and any use but ``default`` is an error."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Missing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: object) -> Missing:  # type: ignore[override]  # there it always raises
        return self


class NoticeEnvironment(ImmutableSandboxedEnvironment):
    """Jinja2 in which an attribute is always the entry of a mapping."""

    def __init__(self) -> None:
        super().__init__(undefined=Missing, autoescape=False, trim_blocks=True, lstrip_blocks=True)
        self.globals = {}
        self.filters = {**FILTERS, "_shown": _shown, "_turns": _turns, "_given": _given}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``obj.attribute``: of data an entry, of ``loop`` what Jinja2 offers."""
        return super().getattr(obj, attribute) if isinstance(obj, LoopContext) else self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """``obj[argument]``: an entry of a mapping or a list, else missing."""
        if isinstance(obj, Missing):
            return obj
        if isinstance(obj, Mapping) and argument in obj:
            return obj[argument]
        if isinstance(obj, list | tuple) and isinstance(argument, slice):
            return obj[argument]
        if isinstance(obj, list | tuple) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        return self.undefined(obj=obj, name=argument)


@dataclass(slots=True)
class Work:
    """What one rendering may still do, and how its values are written."""

    written: Written
    turns: int = MAX_TURNS

    def turn(self) -> None:
        """Count one turn of a loop."""
        self.turns -= 1
        if self.turns < 0:
            raise NoticeError(f"the loops of the notice make more than {MAX_TURNS} turns", advice="shorten the list")


def _given(value: object, label: str) -> object:
    """The value itself, if there is one; ``label`` is how the template names it."""
    if value is None or isinstance(value, jinja2.Undefined):
        raise _absent(label)
    return value


def _shown(value: object, label: str) -> str:
    """The text of a printed value."""
    _given(value, label)
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        text = format(Decimal(str(value)), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    kinds = ((bool, "yes or no"), (Sequence, "a list"), (Mapping, "an object"), (dt.date, "a date"))
    kind = next((name for kind, name in kinds if isinstance(value, kind)), "no text")
    raise NoticeError(
        f"'{label}' cannot be printed: it is {kind}",
        where=label,
        advice="print a part of it, use a filter such as join or date, or choose the words with {% if %}",
    )


@jinja2.pass_context
def _turns(context: jinja2.runtime.Context, value: object, label: str) -> Iterator[object]:
    """The items of a loop, counted."""
    _given(value, label)
    if isinstance(value, str) or not isinstance(value, Sequence | Mapping | Iterator):
        raise NoticeError(f"'{label}' is no list, so the notice cannot go through it", where=label)
    work = context["_work"]
    assert isinstance(work, Work)
    for item in value:
        work.turn()
        yield item


def _absent(label: str) -> NoticeError:
    return NoticeError(
        f"the notice needs '{label}', which has no value",
        where=label,
        advice=f"set it before the notice is sent, or write {{{{ {label} | default('...') }}}}",
    )


@dataclass(frozen=True)
class Compiled:
    """A template, checked and ready to be rendered.

    Attributes:
        file: named in errors.
        names: the variables that it reads.
        paths: the dotted places that it reads, such as ``reporter.name``.
    """

    file: str
    names: frozenset[str]
    paths: frozenset[str]
    tree: nodes.Template = field(repr=False)

    @cached_property
    def code(self) -> CodeType:
        """Compiled when first rendered: it costs more than all checks, and most notices of a process never leave."""
        return ENVIRONMENT.compile(self.tree, self.file, self.file)

    @cached_property
    def free(self) -> frozenset[str]:
        """The names that no loop of the template itself gives."""
        return frozenset(meta.find_undeclared_variables(self.tree))

    def render(self, variables: Mapping[str, object], written: Written) -> str:
        """The text, values printed as they are.

        Raises:
            NoticeError: a variable is missing, a value cannot be printed, or the notice grows too large.
        """
        known = {name: variables[name] for name in self.names if name in variables}
        known["_work"] = Work(written)
        template = jinja2.Template.from_code(ENVIRONMENT, self.code, {})
        pieces: list[str] = []
        length = 0
        try:
            for piece in template.generate(known):
                pieces.append(piece)
                length += len(piece)
                if length > MAX_OUTPUT:
                    raise NoticeError(f"the notice grows beyond {MAX_OUTPUT} characters", advice="print less")
        except NoticeError as error:
            error.where = f"{self.file}, {error.where}" if error.where else self.file
            raise
        except jinja2.UndefinedError as error:
            raise self._missing(error) from error
        except (ComplaintflowError, jinja2.TemplateError, TypeError, ValueError, LookupError, ArithmeticError) as error:
            raise NoticeError(
                f"the notice could not be rendered: {error}", where=self.file, advice="correct the template"
            ) from error
        return "".join(pieces)

    def _missing(self, error: jinja2.UndefinedError) -> NoticeError:
        quoted = str(error).split("'")
        name = quoted[-2] if len(quoted) > 2 else str(error)
        places = sorted(path for path in self.paths if name in path.split("."))
        absent = _absent(places[0] if len(places) == 1 else name)
        absent.where = f"{self.file}, {absent.where}"
        return absent


class Compiler:
    """Reads the templates of one folder.

    Args:
        parts: shared parts by name (``_signature``), which templates include.
    """

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._parts = parts

    def compile(self, source: str, file: str) -> Compiled:
        """Parse and check ``source``.

        Raises:
            InvalidNotice: it is not Jinja2, or uses what is not allowed; with file and line.
        """
        tree = self._parse(source, file, ())
        names, paths = _names(tree)
        _label(tree)
        return Compiled(file, names, paths, tree)

    def _parse(self, source: str, file: str, around: tuple[str, ...]) -> nodes.Template:
        """The tree of a template, with its includes put in place."""
        if len(source) > MAX_SOURCE:
            _refuse(f"it is longer than {MAX_SOURCE} characters", file, 1)
        try:
            tree = ENVIRONMENT.parse(source, file, file)
        except jinja2.TemplateSyntaxError as error:
            _refuse(f"it is not Jinja2: {error.message}", file, error.lineno)
        self._include(tree, file, around)
        _check(tree, file)
        return tree

    def _include(self, node: nodes.Node, file: str, around: tuple[str, ...]) -> None:
        for name in node.fields:
            inner = getattr(node, name)
            if not isinstance(inner, list):
                inner = [inner]
            for index, child in enumerate(inner):
                if isinstance(child, nodes.Include):
                    inner[index] = nodes.Scope(self._part(child, file, around), lineno=child.lineno)
                elif isinstance(child, nodes.Node):
                    self._include(child, file, around)

    def _part(self, include: nodes.Include, file: str, around: tuple[str, ...]) -> list[nodes.Node]:
        named = include.template
        name = named.value if isinstance(named, nodes.Const) else None
        if not isinstance(name, str) or name not in self._parts:
            known = ", ".join(sorted(self._parts)) or "none"
            _refuse(f"it includes {name!r}, and the shared parts are: {known}", file, include.lineno)
        if name in around:
            _refuse(f"the shared part {name} includes itself", file, include.lineno)
        return self._parse(self._parts[name], f"{file} > {name}", (*around, name)).body


def _check(tree: nodes.Template, file: str) -> None:
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, ALLOWED):
            _refuse(
                f"it uses '{type(node).__name__.lower()}', which notices do without",
                file,
                node.lineno,
                "print variables, use if, for, include and filters; work out the rest in the diagram",
            )
        if isinstance(node, nodes.Name) and (node.name.startswith("_") or node.name in FORBIDDEN_NAMES):
            _refuse(f"it uses the name '{node.name}', which is not a variable of the case", file, node.lineno)
        if isinstance(node, nodes.For) and node.recursive:
            _refuse("it has a recursive loop", file, node.lineno, "use loops within loops")
        if isinstance(node, nodes.Call) and (not isinstance(node.node, nodes.Name) or node.dyn_args or node.dyn_kwargs):
            _refuse(
                "it calls a part of a value", file, node.lineno, "use a filter, or a function such as deadline(...)"
            )
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            _refuse(f"there is no filter '{node.name}'", file, node.lineno, f"filters: {', '.join(sorted(FILTERS))}")
        if isinstance(node, nodes.Test) and node.name not in ENVIRONMENT.tests:
            _refuse(f"there is no test '{node.name}'", file, node.lineno)


def _label(tree: nodes.Template) -> None:
    """Let every printed value, filter and loop go through our own filters, with the words of the template."""
    for filtered in list(tree.find_all(nodes.Filter)):
        if filtered.name not in ("default", "d") and isinstance(filtered.node, nodes.Expr):
            filtered.node = _through("_given", filtered.node)
    for output in list(tree.find_all(nodes.Output)):
        output.nodes = [
            node if isinstance(node, nodes.TemplateData) else _through("_shown", node) for node in output.nodes
        ]
    for loop in list(tree.find_all(nodes.For)):
        loop.iter = _through("_turns", loop.iter)


def _through(name: str, node: nodes.Node) -> nodes.Filter:
    label = nodes.Const(_spelled(node), lineno=node.lineno)
    assert isinstance(node, nodes.Expr)
    return nodes.Filter(node, name, [label], [], None, None, lineno=node.lineno)


def _spelled(node: nodes.Node | None) -> str:
    """How the template names a value, as far as it is a plain place."""
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{_spelled(node.node)}.{node.attr}"
        case nodes.Getitem(arg=nodes.Const(value=key)):
            return f"{_spelled(node.node)}[{key!r}]"
        case nodes.Filter():
            return _spelled(node.node)
    return "a value"


def _names(tree: nodes.Template) -> tuple[frozenset[str], frozenset[str]]:
    names = frozenset(node.name for node in tree.find_all(nodes.Name) if node.ctx == "load")
    paths = frozenset(_spelled(node) for node in tree.find_all((nodes.Name, nodes.Getattr)))
    return names, paths


def _refuse(what: str, file: str, line: int, advice: str = "correct the template") -> NoReturn:
    raise InvalidNotice(f"the notice cannot be used: {what}", where=f"{file}, line {line}", advice=advice)


ENVIRONMENT = NoticeEnvironment()
