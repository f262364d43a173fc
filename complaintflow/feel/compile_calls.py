"""Closures for function calls and function definitions (DMN 1.5, 10.3.2.13 and table 63)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from complaintflow.feel import library, nodes
from complaintflow.feel.closures import Code, Compiler, Form
from complaintflow.feel.invoking import call_host, invoke
from complaintflow.feel.runtime import Run, Scope
from complaintflow.feel.types import MISMATCH, Type
from complaintflow.feel.values import Failure, Function, Value, describe

_QUIET = frozenset({"is defined", "get or else"})
"""Functions that are there to ask for what may be missing: no warning for their first argument."""


def _call(compiler: Compiler, node: nodes.Call) -> Code:
    if isinstance(node.function, nodes.Name):
        compiler.calls.add(node.function.name)
        return _call_named(compiler, node, node.function.name)
    function, arguments = compiler.compile(node.function), _arguments(compiler, node)
    fail, names = compiler.failing(node), node.names

    def code(scope: Scope) -> Value:
        value = function(scope)
        try:
            return apply(scope, value, [argument(scope) for argument in arguments], names)
        except Failure as why:
            return fail(scope, why, value)

    return code


def _arguments(compiler: Compiler, node: nodes.Call, name: str = "") -> list[Code]:
    quiet = name in _QUIET
    return [
        compiler.compile(argument, quiet=quiet and (index == 0 or node.names is not None))
        for index, argument in enumerate(node.arguments)
    ]


def _call_named(compiler: Compiler, node: nodes.Call, name: str) -> Code:
    """A call by name: a function in scope comes before a built-in one, and that before one of the host."""
    arguments, names = _arguments(compiler, node, name), node.names
    fail, builtin = compiler.failing(node), library.BUILTINS.get(name)

    def code(scope: Scope) -> Value:
        values = [argument(scope) for argument in arguments]
        try:
            own = _in_scope(scope, name)
            if own is not None:
                return apply(scope, own, values, names)
            if builtin is not None:
                return builtin(scope.run, values, names)
            host = scope.run.functions.get(name)
            if host is None:
                return fail(scope, f'there is no function "{name}"')
            if names is not None:
                return fail(scope, f'the function "{name}" takes its arguments by position')
            return call_host(name, host, values)
        except Failure as why:
            return fail(scope, why, *values)

    return code


def _in_scope(scope: Scope, name: str) -> Function | None:
    current: Scope | None = scope
    while current is not None:
        names = current.vars
        if type(names) is dict and name not in names:  # what raises costs as much as the call
            current = current.parent
            continue
        try:
            value = names[name]
        except KeyError:
            current = current.parent
            continue
        if isinstance(value, Function):
            return value
        current = current.parent
    return None


def apply(scope: Scope, function: Value, arguments: Sequence[Value], names: Sequence[str] | None = None) -> Value:
    """The value of a function value for arguments.

    Raises:
        Failure: it is no function, or the arguments do not fit.
        FeelLimitExceeded: calls are nested too deeply.
    """
    if not isinstance(function, Function):
        raise Failure(f"{describe(function)} is no function")
    if names is not None:
        given = dict(zip(names, arguments, strict=True))
        if not given.keys() <= set(function.parameters):
            raise Failure(f"{function.name} has the parameters {', '.join(function.parameters)}")
        arguments = [given.get(parameter) for parameter in function.parameters]
    return invoke(scope.run, function, arguments)


def _definition(compiler: Compiler, node: nodes.Definition) -> Code:
    parameters = tuple(name for name, _ in node.parameters)
    declared = [of for _, of in node.parameters]
    compiler.bound.append(set(parameters))
    body, fail, cost = compiler.compile(node.body), compiler.failing(node), nodes.size(node.body)
    compiler.bound.pop()
    if node.external:
        return lambda scope: fail(scope, "external functions (Java) are not run; write the function in FEEL")

    def code(scope: Scope) -> Value:
        types = [of.resolve(scope.run.types) if of is not None else None for of in declared]

        def call(*arguments: Value) -> Value:
            if len(arguments) != len(parameters):
                raise Failure(f"the function takes {len(parameters)} arguments and got {len(arguments)}")
            fitted = [_fit(scope.run, *each) for each in zip(parameters, types, arguments, strict=True)]
            scope.run.spend(cost)
            return body(Scope(dict(zip(parameters, fitted, strict=True)), scope, scope.run))

        return Function(parameters, call, "function", (tuple(types), None))

    return code


def _fit(run: Run, name: str, of: Type | None, value: Value) -> Value:
    if of is None:
        return value
    if isinstance(value, list | dict):
        run.weigh(value)
    fitted = of.coerce(value)
    if fitted is MISMATCH:
        raise Failure(f'"{name}" must be a {of}, and is {describe(value)}')
    return fitted


FORMS: Mapping[type, Form] = {nodes.Call: _call, nodes.Definition: _definition}
