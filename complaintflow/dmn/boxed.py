"""Boxed expressions as closures (DMN 1.5, 10.2.2): compiled once, run many times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from complaintflow.dmn import language, tree
from complaintflow.dmn.language import Vocabulary
from complaintflow.dmn.run import Code, LoopScope, Run, Scope
from complaintflow.dmn.table import table_code
from complaintflow.errors import FeelSyntaxError, InvalidDecision
from complaintflow.feel.types import Type
from complaintflow.feel.values import Failure, Function, describe

Value = Any

_TRUTH: Final = "if condition then true else false"
_ELEMENTS: Final = "for element in source return element"


class Compiler:
    """Compiles the logic of one node of the requirement graph.

    Args:
        owner: id of the node, under which its tables are recorded in the trace.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._readers: dict[type, Callable[[Any, Vocabulary, str], Code]] = {
            tree.Literal: self._literal,
            tree.Context: self._context,
            tree.ListOf: self._list,
            tree.Relation: self._relation,
            tree.Invocation: self._invocation,
            tree.FunctionDefinition: self.function,
            tree.Conditional: self._conditional,
            tree.Filter: self._filter,
            tree.Iterator: self._iterator,
            tree.Table: self._table,
        }

    def code(self, node: tree.Expression, words: Vocabulary, where: str) -> Code:
        """Closures for an expression at a place where `words` are known.

        Raises:
            DefinitionError: it cannot run, with the file and element in `where`.
        """
        if isinstance(node, tree.Broken):
            raise node.error
        return self._readers[type(node)](node, words, where)

    def function(self, node: tree.FunctionDefinition, words: Vocabulary, where: str) -> Code:
        """A boxed function: its value is a Function closed over the scope it stands in."""
        if node.body is None:
            raise InvalidDecision("a function has no body", where=where)
        parameters = tuple(each.name for each in node.parameters)
        types = tuple(words.type(each.type_ref) for each in node.parameters)
        body = self.code(node.body, words.plus(*parameters), where)
        result = words.result_type(node.type_ref)
        body = language.typed(body, result, where)

        def code(scope: Mapping[str, Value], run: Run) -> Value:
            return callable_value(where, parameters, types, body, scope, run)

        return code

    def _literal(self, node: tree.Literal, words: Vocabulary, where: str) -> Code:
        if not node.text.strip():
            raise InvalidDecision("the expression is empty", where=where, advice="write one, or null")
        code = words.expression(node.text, where)
        return language.typed(code, words.type(node.type_ref), where)

    def _context(self, node: tree.Context, words: Vocabulary, where: str) -> Code:
        entries: list[tuple[str, Code]] = []
        for entry in node.entries:
            if entry.variable is None:
                entries.append(("", self.code(entry.value, words, f"{where}, result")))
                break
            inner = f"{where}, entry '{entry.variable.name}'"
            visible = words.plus(entry.variable.name)
            code = language.typed(self.code(entry.value, visible, inner), words.type(entry.variable.type_ref), inner)
            entries.append((entry.variable.name, code))
            words = words.plus(entry.variable.name)

        def code_of_context(scope: Mapping[str, Value], run: Run) -> Value:
            inside = Scope({}, scope)
            for name, code in entries:
                value = code(inside, run)
                if not name:
                    return value
                inside[name] = value
            return dict(inside)

        return language.typed(code_of_context, words.type(node.type_ref), where)

    def _list(self, node: tree.ListOf, words: Vocabulary, where: str) -> Code:
        items = [self.code(each, words, f"{where}, item {number}") for number, each in enumerate(node.items, 1)]
        return language.typed(lambda scope, run: [code(scope, run) for code in items], words.type(node.type_ref), where)

    def _relation(self, node: tree.Relation, words: Vocabulary, where: str) -> Code:
        rows: list[list[tuple[str, Code]]] = []
        for number, row in enumerate(node.rows, 1):
            cells = []
            for column, cell in zip(node.columns, row, strict=True):
                place = f"{where}, row {number}, column '{column.name}'"
                code = language.typed(self.code(cell, words, place), words.type(column.type_ref), place)
                cells.append((column.name, code))
            rows.append(cells)
        return language.typed(
            lambda scope, run: [{name: code(scope, run) for name, code in cells} for cells in rows],
            words.type(node.type_ref),
            where,
        )

    def _invocation(self, node: tree.Invocation, words: Vocabulary, where: str) -> Code:
        called = self.code(node.called, words, f"{where}, called function")
        bindings = {
            parameter.name: self.code(value, words, f"{where}, parameter '{parameter.name}'")
            for parameter, value in node.bindings
        }

        def code(scope: Mapping[str, Value], run: Run) -> Value:
            function = called(scope, run)
            if not isinstance(function, Function):
                run.warn(where, f"what is called is no function: {describe(function)}")
                return None
            unknown = bindings.keys() - set(function.parameters)
            if unknown:
                run.warn(where, f"{function.name} has no parameter {', '.join(sorted(unknown))}")
                return None
            arguments = {name: code(scope, run) for name, code in bindings.items()}
            try:
                return function.call(*(arguments.get(name) for name in function.parameters))
            except Failure as failure:
                # How a function written in FEEL says that it gives null.
                run.warn(where, str(failure))
                return None

        return language.typed(code, words.type(node.type_ref), where)

    def _conditional(self, node: tree.Conditional, words: Vocabulary, where: str) -> Code:
        condition = self.code(node.condition, words, f"{where}, if")
        then = self.code(node.then, words, f"{where}, then")
        otherwise = self.code(node.otherwise, words, f"{where}, else")
        truth = words.expression(_TRUTH, where)

        def code(scope: Mapping[str, Value], run: Run) -> Value:
            chosen = truth({"condition": condition(scope, run)}, run)
            if chosen is None:
                return None
            return (then if chosen else otherwise)(scope, run)

        return language.typed(code, words.type(node.type_ref), where)

    def _filter(self, node: tree.Filter, words: Vocabulary, where: str) -> Code:
        source = self._source(node.source, words, f"{where}, in")
        match = self.code(node.match, words.plus("item"), f"{where}, match")

        def code(scope: Mapping[str, Value], run: Run) -> Value:
            values = source(scope, run)
            if values is None:
                return None
            kept = []
            for value in values:
                run.step()
                local = {"item": value, **value} if isinstance(value, Mapping) else {"item": value}
                if match(Scope(local, scope), run) is True:
                    kept.append(value)
            return kept

        return language.typed(code, words.type(node.type_ref), where)

    def _source(self, node: tree.Expression, words: Vocabulary, where: str) -> Code:
        """What a loop runs over, as FEEL's own `for` sees it: a list, a range, or a single value."""
        as_list = words.expression(_ELEMENTS, where)
        try:
            plain = self.code(node, words, where)
        except FeelSyntaxError:
            # `1..5` is only an expression where a loop runs over it.
            if not isinstance(node, tree.Literal):
                raise
            try:
                return words.expression(f"for x in {node.text} return x", where)
            except FeelSyntaxError:
                pass
            raise

        def code(scope: Mapping[str, Value], run: Run) -> Value:
            value = plain(scope, run)
            if value is None:
                run.warn(where, "null cannot be iterated over")
                return None
            return as_list({"source": value}, run)

        return code

    def _iterator(self, node: tree.Iterator, words: Vocabulary, where: str) -> Code:
        source = self._source(node.source, words, f"{where}, in")
        extra = {node.variable, "partial"} if node.kind == "for" else {node.variable}
        body = self.code(node.body, words.plus(*extra), f"{where}, {'return' if node.kind == 'for' else 'satisfies'}")
        loop = {"for": _collect, "some": _some, "every": _every}[node.kind]

        def code(scope: Mapping[str, Value], run: Run) -> Value:
            values = source(scope, run)
            return None if values is None else loop(node.variable, values, body, scope, run)

        return language.typed(code, words.type(node.type_ref), where)

    def _table(self, node: tree.Table, words: Vocabulary, where: str) -> Code:
        return language.typed(table_code(node, words, where, self._owner), words.type(node.type_ref), where)


def callable_value(
    name: str,
    parameters: tuple[str, ...],
    types: tuple[Type | None, ...],
    body: Code,
    scope: Mapping[str, Value],
    run: Run,
) -> Function:
    """A FEEL function whose body is compiled DMN logic; an argument of the wrong type makes the result null."""

    def call(*arguments: Value) -> Value:
        if len(arguments) != len(parameters):
            raise Failure(f"{name} takes {len(parameters)} arguments and got {len(arguments)}")
        local = {}
        for parameter, wanted, argument in zip(parameters, types, arguments, strict=True):
            value = argument if wanted is None else language.conform(argument, wanted, f"{name}, {parameter}", run)
            if value is None and argument is not None:
                return None
            local[parameter] = value
        run.enter(name)
        try:
            return body(Scope(local, scope), run)
        finally:
            run.leave()

    return Function(parameters, call, name, (types, None))


def _collect(variable: str, values: list[Value], body: Code, scope: Mapping[str, Value], run: Run) -> Value:
    results: list[Value] = []
    for value in values:
        run.step()
        results.append(body(LoopScope({variable: value}, scope, results), run))
    return results


def _some(variable: str, values: list[Value], body: Code, scope: Mapping[str, Value], run: Run) -> Value:
    """True if one is; else null if one is neither true nor false; else false."""
    return _quantified(True, variable, values, body, scope, run)


def _every(variable: str, values: list[Value], body: Code, scope: Mapping[str, Value], run: Run) -> Value:
    """False if one is; else null if one is neither true nor false; else true."""
    return _quantified(False, variable, values, body, scope, run)


def _quantified(
    decisive: bool, variable: str, values: list[Value], body: Code, scope: Mapping[str, Value], run: Run
) -> bool | None:
    undecided = False
    for value in values:
        run.step()
        result = body(Scope({variable: value}, scope), run)
        if result is decisive:
            return bool(result)
        undecided = undecided or not isinstance(result, bool)
    return None if undecided else not decisive
