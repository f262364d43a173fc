"""Functions on lists (DMN 1.5, 10.3.4.4 and 10.3.4.9; Camunda's partition, duplicate values and is empty)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import cmp_to_key
from typing import Any, TypeAlias

from complaintflow.feel import arithmetic, numbers
from complaintflow.feel.comparison import contains, equal, less
from complaintflow.feel.functions import CAMUNDA, builtin
from complaintflow.feel.invoking import invoke
from complaintflow.feel.numbers import CONTEXT
from complaintflow.feel.runtime import Run
from complaintflow.feel.values import Failure, Function, Value

_List: TypeAlias = list[Any]


@builtin("list contains(list: list, element: any)", example="list contains([1, 2, 3], 2)")
def list_contains(run: Run, items: _List, element: Value) -> bool:
    """True if an element equals the value."""
    run.weigh(items)
    return contains(items, element)


@builtin("count(list: list)", example="count([1, 2, 3]) = 3")
def count(run: Run, items: _List) -> int:
    """How many elements the list has."""
    return len(items)


def _spread(run: Run, items: tuple[Value, ...]) -> _List:
    """The elements, given as one list or one by one."""
    elements = items[0] if len(items) == 1 and isinstance(items[0], list | tuple) else items
    run.spend(len(elements))
    return list(elements)


def _numbers(run: Run, items: tuple[Value, ...]) -> list[Value]:
    elements = _spread(run, items)
    if not all(numbers.is_number(element) for element in elements):
        raise Failure("an element is no number")
    return [numbers.exact(element) for element in elements]


def _some(elements: list[Value]) -> list[Value]:
    if not elements:
        raise Failure("the list is empty")
    return elements


@builtin("min(list: list)", "min(c1: any, c2: any, ...c: any)", example="min(3, 1, 2) = 1")
def minimum(run: Run, *items: Value) -> Value:
    """The smallest element."""
    least, *others = _some(_spread(run, items))
    less(least, least)
    for other in others:
        if less(other, least):
            least = other
    return least


@builtin("max(list: list)", "max(c1: any, c2: any, ...c: any)", example='max(["a", "c", "b"]) = "c"')
def maximum(run: Run, *items: Value) -> Value:
    """The largest element."""
    most, *others = _some(_spread(run, items))
    less(most, most)
    for other in others:
        if less(most, other):
            most = other
    return most


@builtin("sum(list: list)", "sum(n1: any, n2: any, ...n: any)", example="sum([1, 2, 3]) = 6")
def total(run: Run, *items: Value) -> Value:
    """The sum of numbers; null for an empty list."""
    result, *others = _some(_numbers(run, items))
    for other in others:
        result = arithmetic.add(result, other)
    return result


@builtin("product(list: list)", "product(n1: any, n2: any, ...n: any)", example="product([2, 3, 4]) = 24")
def product(run: Run, *items: Value) -> Value:
    """The product of numbers; null for an empty list."""
    result, *others = _some(_numbers(run, items))
    for other in others:
        result = arithmetic.multiply(result, other)
    return result


@builtin("mean(list: list)", "mean(n1: any, n2: any, ...n: any)", example="mean(1, 2, 3) = 2")
def mean(run: Run, *items: Value) -> Value:
    """The arithmetic mean."""
    elements = _some(_numbers(run, items))
    return arithmetic.divide(total(run, elements), len(elements))


@builtin("median(list: list)", "median(n1: any, n2: any, ...n: any)", example="median([6, 1, 2, 3]) = 2.5")
def median(run: Run, *items: Value) -> Value:
    """The middle element of the sorted numbers, or the mean of the two in the middle."""
    elements = sorted(_some(_numbers(run, items)))
    middle = len(elements) // 2
    if len(elements) % 2:
        return elements[middle]
    return arithmetic.divide(arithmetic.add(elements[middle - 1], elements[middle]), 2)


@builtin("stddev(list: list)", "stddev(n1: any, n2: any, ...n: any)", example="decimal(stddev(2, 4, 7, 5), 4) = 2.0817")
def stddev(run: Run, *items: Value) -> Value:
    """The standard deviation of a sample of at least two numbers."""
    elements = [numbers.decimal(element) for element in _numbers(run, items)]
    if len(elements) < 2:
        raise Failure("a standard deviation needs two numbers")
    middle = numbers.decimal(mean(run, elements))
    squares = Decimal(0)
    for element in elements:
        distance = CONTEXT.subtract(element, middle)
        squares = CONTEXT.add(squares, CONTEXT.multiply(distance, distance))
    return numbers.finite(CONTEXT.sqrt(CONTEXT.divide(squares, Decimal(len(elements) - 1))))


@builtin("mode(list: list)", "mode(n1: any, n2: any, ...n: any)", example="mode([6, 1, 9, 6, 1]) = [1, 6]")
def mode(run: Run, *items: Value) -> _List:
    """The most frequent numbers, sorted."""
    counts: dict[Value, int] = {}
    for element in _numbers(run, items):
        counts[element] = counts.get(element, 0) + 1
    most = max(counts.values(), default=0)
    return sorted(element for element, times in counts.items() if times == most)


@builtin("sublist(list: list, start position: number, length?: number)", example="sublist([4, 5, 6], 1, 2) = [4, 5]")
def sublist(run: Run, items: _List, start: Value, length: Value = None) -> _List:
    """A part of the list, from a position that may count from the end, of a length or up to the end."""
    first = _position(items, start)
    if length is None:
        return items[first:]
    size = numbers.integer(length, "length")
    if size < 1 or first + size > len(items):
        raise Failure(f"the list has no {size} elements from there")
    return items[first : first + size]


def _position(items: _List, position: Value) -> int:
    """The Python index of a FEEL position.

    Raises:
        Failure: there is no such position.
    """
    index = numbers.integer(position, "position")
    if not 1 <= abs(index) <= len(items):
        raise Failure(f"there is no position {index} in a list of {len(items)}")
    return index - 1 if index > 0 else len(items) + index


@builtin("append(list: list, item: any, ...items: any)", example="append([1], 2, 3) = [1, 2, 3]")
def append(run: Run, items: _List, *more: Value) -> _List:
    """The list with further elements at its end."""
    return run.sized([*items, *more])


@builtin("concatenate(list: list, ...lists: list)", example="concatenate([1, 2], [3]) = [1, 2, 3]")
def concatenate(run: Run, *lists: _List) -> _List:
    """One list out of several."""
    return run.sized([item for items in lists for item in items])


@builtin("union(list: list, ...lists: list)", example="union([1, 2], [2, 3]) = [1, 2, 3]")
def union(run: Run, *lists: _List) -> _List:
    """One list out of several, without duplicates."""
    return distinct_values(run, concatenate(run, *lists))


@builtin("insert before(list: list, position: number, newItem: any)", example="insert before([1, 3], 1, 2) = [2, 1, 3]")
def insert_before(run: Run, items: _List, position: Value, new: Value) -> _List:
    """The list with a new element before the position."""
    index = _position(items, position)
    return run.sized([*items[:index], new, *items[index:]])


@builtin("remove(list: list, position: number)", example="remove([1, 2, 3], 2) = [1, 3]")
def remove(run: Run, items: _List, position: Value) -> _List:
    """The list without the element at the position."""
    index = _position(items, position)
    return run.sized([*items[:index], *items[index + 1 :]])


@builtin(
    "list replace(list: list, position: number, newItem: any)", example="list replace([2, 4, 7], 3, 6) = [2, 4, 6]"
)
def list_replace(run: Run, items: _List, position: Value, new: Value) -> _List:
    """The list with another element at the position."""
    index = _position(items, position)
    return run.sized([*items[:index], new, *items[index + 1 :]])


@builtin("list replace(list: list, match: function, newItem: any)")
def list_replace_matching(run: Run, items: _List, match: Function, new: Value) -> _List:
    """The list with another element wherever match(element, newItem) is true."""
    answers = [invoke(run, match, [item, new]) for item in items]
    if not all(isinstance(answer, bool) for answer in answers):
        raise Failure("the function gave neither true nor false")
    return run.sized([new if answer else item for item, answer in zip(items, answers, strict=True)])


@builtin("reverse(list: list)", example="reverse([1, 2, 3]) = [3, 2, 1]")
def reverse(run: Run, items: _List) -> _List:
    """The list from its end to its beginning."""
    return run.sized(list(reversed(items)))


@builtin("index of(list: list, match: any)", example="index of([1, 2, 3, 2], 2) = [2, 4]")
def index_of(run: Run, items: _List, match: Value) -> _List:
    """The positions of the elements that equal the value."""
    run.weigh(items)
    return [index for index, item in enumerate(items, 1) if equal(item, match)]


@builtin("distinct values(list: list)", example="distinct values([1, 2, 3, 2, 1]) = [1, 2, 3]")
def distinct_values(run: Run, items: _List) -> _List:
    """The list without duplicates."""
    return [item for item, first in _firsts(run, items) if first]


@builtin("duplicate values(list: list)", example="duplicate values([1, 2, 3, 2, 1]) = [1, 2]", source=CAMUNDA)
def duplicate_values(run: Run, items: _List) -> _List:
    """The values that are there more than once."""
    repeated = distinct_values(run, [item for item, first in _firsts(run, items) if not first])
    found: _List = []
    for item in distinct_values(run, items):
        run.spend(len(repeated))
        if contains(repeated, item):
            found.append(item)
    return found


def _firsts(run: Run, items: _List) -> Iterable[tuple[Value, bool]]:
    """Each element, and whether none before it equals it; strings and whole numbers are looked up, not compared."""
    seen: list[Value] = []
    known: set[Value] = set()
    for item in items:
        quick = type(item) in (str, int)
        run.spend(1)
        if not quick:
            run.weigh(seen)
        first = item not in known if quick and len(known) == len(seen) else not contains(seen, item)
        if first:
            seen.append(item)
            if quick:
                known.add(item)
        yield item, first


@builtin("flatten(list: list)", example="flatten([[1, 2], [[3]], 4]) = [1, 2, 3, 4]")
def flatten(run: Run, items: _List) -> _List:
    """One list out of nested ones."""
    flat: _List = []
    for item in items:
        run.spend(1)
        flat.extend(flatten(run, list(item)) if isinstance(item, list | tuple) else [item])
    return run.sized(flat)


@builtin(
    "sort(list: list, precedes?: function)",
    example="sort([3, 1, 2], function(x, y) x > y) = [3, 2, 1]",
)
def sort(run: Run, items: _List, precedes: Function | None = None) -> _List:
    """The list in the order that precedes(x, y) tells; without it from the smallest to the largest."""

    def before(left: Value, right: Value) -> bool:
        if precedes is None:
            return less(left, right)
        answer = invoke(run, precedes, [left, right])
        if not isinstance(answer, bool):
            raise Failure("the function gave neither true nor false")
        return answer

    def compare(left: Value, right: Value) -> int:
        run.spend(1)
        if before(left, right):
            return -1
        return 1 if before(right, left) else 0

    return sorted(run.sized(list(items)), key=cmp_to_key(compare))


@builtin("partition(list: list, size: number)", example="partition([1, 2, 3], 2) = [[1, 2], [3]]", source=CAMUNDA)
def partition(run: Run, items: _List, size: Value) -> _List:
    """The list cut into lists of a size."""
    length = numbers.integer(size, "size")
    if length < 1:
        raise Failure("the size must be at least 1")
    run.spend(len(items))
    return [items[index : index + length] for index in range(0, len(items), length)]


@builtin("is empty(list: list)", example="is empty([])", source=CAMUNDA)
def is_empty(run: Run, items: _List) -> bool:
    """True if the list has no elements."""
    return not items
