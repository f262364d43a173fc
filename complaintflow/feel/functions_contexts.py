"""Functions on contexts (DMN 1.5, 10.3.4.10; Camunda's paths of keys)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from complaintflow.feel.functions import builtin
from complaintflow.feel.runtime import Run
from complaintflow.feel.values import Failure, Value, kind

_Context = Mapping[str, Any]


@builtin("get value(m/context: context, key: string)", example='get value({foo: 123}, "foo") = 123')
def get_value(run: Run, m: _Context, key: str) -> Value:
    """The entry of that name."""
    try:
        return m[key]
    except KeyError:
        raise Failure(f'the context has no entry "{key}"') from None


@builtin("get value(m/context: context, keys: list)")
def get_value_at(run: Run, m: _Context, keys: list[Value]) -> Value:
    """The entry at the end of a path of names (Camunda)."""
    value: Value = m if keys else None
    for key in keys:
        if kind(value) != "context" or not isinstance(key, str) or key not in value:
            raise Failure("the context has nothing there")
        value = value[key]
    return value


@builtin("get entries(m/context: context)", example='get entries({foo: 123}) = [{key: "foo", value: 123}]')
def get_entries(run: Run, m: _Context) -> list[dict[str, Value]]:
    """A list of contexts with key and value, one for each entry."""
    run.spend(len(m))
    return [{"key": key, "value": m[key]} for key in m]


@builtin("context(entries: list)", example='context([{key: "a", value: 1}]) = {a: 1}')
def context(run: Run, entries: list[Value]) -> dict[str, Value]:
    """A context out of a list of contexts with key and value; a key may not be there twice."""
    run.spend(len(entries))
    made: dict[str, Value] = {}
    for entry in entries:
        if kind(entry) != "context" or "value" not in entry or not isinstance(entry.get("key"), str):
            raise Failure("an element has no key and value")
        if entry["key"] in made:
            raise Failure(f'the key "{entry["key"]}" is there twice')
        made[entry["key"]] = entry["value"]
    return made


@builtin("context put(context: context, key: string, value: any)", example='context put({x: 1}, "y", 2) = {x: 1, y: 2}')
def context_put(run: Run, old: _Context, key: str, value: Value) -> dict[str, Value]:
    """A copy of the context with one entry added or replaced."""
    run.spend(len(old))
    return {**old, key: value}


@builtin("context put(context: context, keys: list, value: any)")
def context_put_at(run: Run, old: _Context, keys: list[Value], value: Value) -> dict[str, Value]:
    """A copy of the context with the entry at the end of a path of names added or replaced."""
    if not keys or not all(isinstance(key, str) for key in keys):
        raise Failure("the keys must be a list of names")
    path: list[_Context] = [old]
    for key in keys[:-1]:
        inner = path[-1].get(key)
        if inner is not None and not isinstance(inner, Mapping):
            raise Failure(f'the entry "{key}" is no context')
        path.append(inner or {})
    made: Value = value
    for key, around in zip(reversed(keys), reversed(path), strict=True):
        run.spend(len(around) + 1)
        made = {**around, key: made}
    copy: dict[str, Value] = made
    return copy


@builtin("context merge(contexts: list)", example="context merge([{x: 1, y: 0}, {y: 2}]) = {x: 1, y: 2}")
def context_merge(run: Run, contexts: list[Value]) -> dict[str, Value]:
    """One context with the entries of all; the last one wins."""
    made: dict[str, Value] = {}
    for one in contexts:
        if kind(one) != "context":
            raise Failure("an element is no context")
        run.spend(len(one) + 1)
        made.update(one)
    return made
