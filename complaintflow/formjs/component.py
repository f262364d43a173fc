"""What a form is made of, once it has been read and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from complaintflow.formjs.expressions import Condition, Formula, is_expression
from complaintflow.formjs.patterns import Pattern
from complaintflow.records import dataclass

TEXTS = frozenset({"textfield", "textarea"})
SINGLE_CHOICES = frozenset({"radio", "select"})
MULTIPLE_CHOICES = frozenset({"checklist", "taglist"})
CHOICES = SINGLE_CHOICES | MULTIPLE_CHOICES
KEYED = TEXTS | CHOICES | {"number", "checkbox", "datetime", "expression", "filepicker"}
CONTAINERS = frozenset({"default", "group", "dynamiclist"})
PRESENTATION = frozenset(
    {"text", "html", "image", "table", "spacer", "separator", "button", "iframe", "documentPreview"}
)
TYPES = KEYED | CONTAINERS | PRESENTATION


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: ``value`` is what is stored (any JSON value), ``label`` what people read."""

    value: object
    label: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What ``validate`` of a component asks for; a bound is a number or a FEEL formula that yields one."""

    required: bool = False
    minimum: float | int | str | Formula | None = None
    maximum: float | int | str | Formula | None = None
    shortest: float | int | str | Formula | None = None
    longest: float | int | str | Formula | None = None
    pattern: Pattern | None = None
    pattern_sentence: str = ""
    kind: str = ""  # "email" or "phone"


@dataclass(frozen=True, slots=True)
class Component:
    """One component of a form.

    Attributes:
        id: the component's id in the file.
        type: the form-js type, such as ``textfield``.
        path: where its value stands in the data, such as ``reporter.name`` or ``persons[].role``; empty for components
            without a value. ``[]`` marks a list.
        keys: the part of the path that this component adds to its container's.
        label: as written, with FEEL or templating left alone.
        properties: the custom properties, with those of the containers around it underneath (so that marking a group
            as sealed marks what it holds).
        options: the choices written into the form; None if they come from a variable or a formula.
        attributes: all of the component's JSON, for what is looked at rarely.
    """

    id: str
    type: str
    path: str = ""
    keys: tuple[str, ...] = ()
    label: str = ""
    description: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    rules: Rules = Rules()
    hide: Condition | None = None
    disabled: bool = False
    readonly: bool | Condition = False
    options: tuple[Option, ...] | None = None
    options_from: str | Formula = ""
    formula: Formula | None = None
    repeats: bool = False
    components: tuple[Component, ...] = ()
    attributes: Mapping[str, object] = field(default_factory=dict)

    @property
    def required(self) -> bool:
        """Whether the form demands a value (where the component is shown)."""
        return self.rules.required

    @property
    def bound(self) -> bool:
        """Whether the component stands for a value in the data."""
        return self.type in KEYED or self.repeats

    @property
    def fixed(self) -> bool:
        """Whether the rows of this list can be neither added nor removed."""
        return self.repeats and self.attributes.get("allowAddRemove") is False

    @property
    def first_rows(self) -> int:
        """How many rows a list starts with."""
        count = self.attributes.get("defaultRepetitions", 1)
        return count if isinstance(count, int) else 1

    @property
    def evaluates(self) -> bool:
        """Whether an expression of this component looks at other values."""
        rules = self.rules
        readers = (
            self.hide, self.formula, self.readonly, self.options_from, self.attributes.get("multiple"),
            self.attributes.get("accept"), rules.minimum, rules.maximum, rules.shortest, rules.longest,
        )  # fmt: skip
        return any(isinstance(reader, Condition | Formula) or is_expression(reader) for reader in readers)

    def walk(self) -> Iterator[Component]:
        """This component and all inside it, in the order of the file."""
        yield self
        for inner in self.components:
            yield from inner.walk()
