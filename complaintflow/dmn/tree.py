"""A DMN file as plain records, before anything is compiled (DMN 1.5, chapters 6 to 8 and 10.2)."""

from __future__ import annotations

from typing import Literal as OneOf
from typing import TypeAlias

from complaintflow.errors import DefinitionError
from complaintflow.records import dataclass

Policy: TypeAlias = OneOf["UNIQUE", "FIRST", "PRIORITY", "ANY", "COLLECT", "RULE ORDER", "OUTPUT ORDER"]
Aggregation: TypeAlias = OneOf["", "SUM", "COUNT", "MIN", "MAX"]
Loop: TypeAlias = OneOf["for", "some", "every"]


@dataclass(frozen=True, slots=True)
class Item:
    """A named value (`variable`, `formalParameter`, `parameter`, `column`); an empty type means any."""

    name: str
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class ItemDefinition:
    """A type of the model (DMN 1.5, 7.3.2): a reference, a structure or a function, perhaps a list of these."""

    name: str
    type_ref: str = ""
    collection: bool = False
    components: tuple[ItemDefinition, ...] = ()
    allowed: str = ""
    constraint: str = ""
    function: tuple[tuple[str, ...], str] | None = None
    """Types of the parameters and of the result; empty means any."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A FEEL expression."""

    text: str
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a boxed context; without a variable it is the result."""

    variable: Item | None
    value: Expression


@dataclass(frozen=True, slots=True)
class Context:
    entries: tuple[Entry, ...]
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class ListOf:
    items: tuple[Expression, ...]
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    columns: tuple[Item, ...]
    rows: tuple[tuple[Expression, ...], ...]
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class Invocation:
    called: Expression
    bindings: tuple[tuple[Item, Expression], ...]
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    parameters: tuple[Item, ...]
    body: Expression | None
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class Conditional:
    condition: Expression
    then: Expression
    otherwise: Expression
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    source: Expression
    match: Expression
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class Iterator:
    """A boxed `for`, `some` or `every`."""

    kind: Loop
    variable: str
    source: Expression
    body: Expression
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    label: str
    expression: Literal
    values: str
    cell_variable: str = ""
    """Camunda 7's `camunda:inputVariable`: another name for `?` in the cells."""


@dataclass(frozen=True, slots=True)
class Output:
    name: str
    label: str
    type_ref: str
    values: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One row; `number` counts from 1, as people and Modeler do."""

    number: int
    id: str
    annotation: str
    tests: tuple[str, ...]
    results: tuple[str, ...]

    @property
    def label(self) -> str:
        """How an error names the rule: number, id, annotation."""
        facts = [fact for fact in (self.id, f'"{self.annotation}"' if self.annotation else "") if fact]
        return f"rule {self.number}" + (f" ({', '.join(facts)})" if facts else "")


@dataclass(frozen=True, slots=True)
class Table:
    policy: Policy
    aggregation: Aggregation
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """Logic that could not be read; the error is raised when somebody needs the result, and listed at load."""

    error: DefinitionError
    type_ref: str = ""


Expression: TypeAlias = (
    Literal
    | Context
    | ListOf
    | Relation
    | Invocation
    | FunctionDefinition
    | Conditional
    | Filter
    | Iterator
    | Table
    | Broken
)


@dataclass(frozen=True, slots=True)
class InputData:
    id: str
    name: str
    variable: Item


@dataclass(frozen=True, slots=True)
class Decision:
    id: str
    name: str
    variable: Item
    logic: Expression | None
    decisions: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    knowledge: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A business knowledge model: a named function (DMN 1.5, 6.3.9)."""

    id: str
    name: str
    variable: Item
    function: FunctionDefinition | Broken | None
    knowledge: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A decision service (DMN 1.5, 6.3.10)."""

    id: str
    name: str
    variable: Item
    outputs: tuple[str, ...]
    encapsulated: tuple[str, ...]
    input_decisions: tuple[str, ...]
    input_data: tuple[str, ...]


Node: TypeAlias = InputData | Decision | Knowledge | Service


@dataclass(frozen=True, slots=True)
class Import:
    name: str
    namespace: str
    location: str


@dataclass(frozen=True, slots=True)
class Definitions:
    """One file."""

    file: str
    id: str
    name: str
    namespace: str
    imports: tuple[Import, ...]
    types: tuple[ItemDefinition, ...]
    nodes: tuple[Node, ...]
