"""The format of policy.toml: one class for each kind of entry.

A field is a key of the file under the same name, except where the class names another (`interval` is written
``within``, ``every`` or ``keep``; `origin` is written ``from``).

Annotations are evaluated here, without the usual import from ``__future__``: whoever reads a policy needs them as they
are, and would have to compile each from its text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from complaintflow.errors import CalendarError
from complaintflow.records import dataclass
from complaintflow.time.interval import Ends, Interval

Origin = Literal["document", "default", "organisation"]
Clauses = tuple[str, ...]


class _Read:
    """Annotation: pydantic reads the value with a function of ours, which raises ValueError with a sentence."""

    def __init__(self, read: Callable[[Any], object]) -> None:
        self.read = read

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.read)


def _interval(value: object) -> Interval:
    try:
        return Interval.parse(str(value))
    except CalendarError as error:
        raise ValueError(error.what) from error


def _span(value: object) -> Interval:
    interval = _interval(value)
    if interval.unit not in ("minute", "hour", "day", "week") or not interval.amount:
        raise ValueError("it is no fixed length of time")
    return interval


def _clauses(value: object) -> Clauses:
    ids = tuple(value) if isinstance(value, list) else (value,)
    if not ids or not all(isinstance(one, str) and re.fullmatch(r"\S+", one) for one in ids):
        raise ValueError("it names no clause")
    return ids


def _said(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("it is no text")
    if not value.strip():
        raise ValueError("it is empty")
    return value


def _at_least(least: int) -> _Read:
    def read(value: object) -> int:
        if type(value) is not int or value < least:
            raise ValueError(f"it is no whole number of {least} or more")
        return value

    return _Read(read)


def _format(**written: str) -> dict[str, object]:
    """pydantic's settings for a class: nothing unknown, nothing converted, and the keys that differ from the fields."""
    return {"extra": "forbid", "strict": True, "alias_generator": lambda name: written.get(name, name)}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What every entry has.

    Attributes:
        clause: ids of the clauses it belongs to.
        origin: "document" if the written policy gives the value, "default" if it leaves it open and this is ours.
        why: the reason for a default; required then.
        label: what people see, by language ("en", "zh").
    """

    clause: Annotated[Clauses, _Read(_clauses)]
    origin: Literal["document", "default"]
    why: str = ""
    label: Mapping[Literal["en", "zh"], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.origin == "default" and not self.why.strip():
            raise ValueError('from = "default" needs a why: say why this value was chosen')


@dataclass(frozen=True, kw_only=True)
class Deadline(Setting):
    """A promise in time; `ends` and `roll` are handed to `WorkingCalendar.due` as they are.

    Attributes:
        interval: written ``within``.
        pauses_in: ids of the elements during which it pauses.
        met_by: ids of the tasks whose completion keeps the promise.
        inside: the name of the deadline around it.
        promise: False: it says when to remind or how long to wait, and nobody breaks it.
    """

    __pydantic_config__ = _format(interval="within", origin="from")
    interval: Annotated[Interval, _Read(_interval)]
    ends: Ends | None = None
    roll: bool | None = None
    pauses_in: tuple[str, ...] = ()
    met_by: tuple[str, ...] = ()
    inside: str | None = None
    promise: bool = True


@dataclass(frozen=True, kw_only=True)
class Repeat(Setting):
    """Something done again and again: `interval` (written ``every``), `times` (None: without end)."""

    __pydantic_config__ = _format(interval="every", origin="from")
    interval: Annotated[Interval, _Read(_interval)]
    times: Annotated[int | None, _at_least(1)] = None


@dataclass(frozen=True, kw_only=True)
class Role(Setting):
    """Who does it: the candidate group of tasks; an empty one would be everybody."""

    __pydantic_config__ = _format(origin="from")
    group: Annotated[str, _Read(_said)]


@dataclass(frozen=True, kw_only=True)
class Bound(Setting):
    """How often at most: a whole number, 0 or more."""

    __pydantic_config__ = _format(origin="from")
    value: Annotated[int, _at_least(0)]


@dataclass(frozen=True, kw_only=True)
class Amount(Setting):
    """A sum of money or another decimal number; `currency` by ISO 4217."""

    __pydantic_config__ = _format(origin="from")
    value: Decimal
    currency: str = ""


@dataclass(frozen=True, kw_only=True)
class Text(Setting):
    """A text: an address, a name."""

    __pydantic_config__ = _format(origin="from")
    value: str


@dataclass(frozen=True, kw_only=True)
class Choices(Setting):
    """A list of texts."""

    __pydantic_config__ = _format(origin="from")
    value: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Retention(Setting):
    """How long something is kept: `interval`, written ``keep``."""

    __pydantic_config__ = _format(interval="keep", origin="from")
    interval: Annotated[Interval, _Read(_interval)]


@dataclass(frozen=True, kw_only=True)
class Switch(Setting):
    """A yes or no."""

    __pydantic_config__ = _format(origin="from")
    value: bool


@dataclass(frozen=True, kw_only=True)
class Grant(Setting):
    """Which `roles` of the policy may do something, or may open values sealed as a class."""

    __pydantic_config__ = _format(origin="from")
    roles: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Recusal(Setting):
    """Who is kept out of a case, as FEEL over the case's variables; what was once named stays kept out.

    Attributes:
        person: gives an id, a name, or a list of them.
        group: gives a group, or a list of them: the complaint is about all of it, or about its head.
    """

    __pydantic_config__ = _format(origin="from")
    person: str = ""
    group: str = ""


@dataclass(frozen=True, kw_only=True)
class Separation(Setting):
    """Duties that no one person does in one case, by the ids of elements, in called processes too.

    Attributes:
        tasks: no two of them are done by one person; with `apart_from`, they may be, and none of those.
        apart_from: what nobody does who does one of `tasks`.
    """

    __pydantic_config__ = _format(origin="from")
    tasks: tuple[str, ...]
    apart_from: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fallback(Setting):
    """The `role` that gets what nobody else may do; of several entries the first that has somebody."""

    __pydantic_config__ = _format(origin="from")
    role: str


@dataclass(frozen=True, kw_only=True)
class Receipts(Setting):
    """``[receipts.case]``: who reports without a name gets a receipt, and this is what it opens.

    Attributes:
        enabled: False takes a lower layer's receipts away.
        messages: message -> the variables that the reporter may fill in, all of them texts.
        answers: message -> the variable, where it is waited for, that holds the question it answers.
        files: message -> its variable that names the file, where a file of the reporter's is told in this way.
        tasks: id of a user task that the reporter may do -> its fields that are filled in for them.
        steps: ids of the elements whose passing the reporter may see.
        promises: names of the deadlines whose day the reporter may see.
    """

    __pydantic_config__ = _format(origin="from")
    enabled: bool
    messages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    tasks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    promises: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Files(Setting):
    """``[attachments.case]``: what may be attached, within what the engine allows.

    Attributes:
        file_megabytes, case_megabytes: the most that one file, and all files of a case, may have.
        types: content types, as "application/pdf" or "image/*"; None: all that the engine allows.
    """

    __pydantic_config__ = _format(origin="from")
    file_megabytes: Annotated[int | None, _at_least(1)] = None
    case_megabytes: Annotated[int | None, _at_least(1)] = None
    types: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Fact(Setting):
    """Something that is counted, over all cases and after their content is gone: it is kept in the plain.

    Attributes:
        value: FEEL over the case's outermost variables; null says nothing.
        kind: what it is: one of a few words, a number, a yes or no, a person (kept as a pseudonym), a sum of money.
    """

    __pydantic_config__ = _format(origin="from")
    value: str
    kind: Literal["category", "number", "boolean", "person", "money"]


@dataclass(frozen=True, kw_only=True)
class Figures(Setting):
    """``[figures.case]``: how figures are made.

    Attributes:
        smallest: a count below it is not shown where figures are by type, department or person.
        feedback: names of the deadlines that promise the complainant an answer.
        persons: facts of kind person that figures may be by.
        review: id of the policy whose cases review these figures (see ``complaintflow.report.reviews``); "": none.
    """

    __pydantic_config__ = _format(origin="from")
    smallest: Annotated[int, _at_least(1)] = 5
    feedback: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    review: str = ""


@dataclass(frozen=True, kw_only=True)
class Surge(Setting):
    """Too many similar complaints in too short a time, and what begins then: see docs/surges.md.

    Attributes:
        of: names of facts; complaints for which each of them has the same value are similar.
        more_than: so many are no surge yet.
        interval: written ``within``: minutes, hours, days of 24 hours, or weeks of 7 of them.
        starts: id of the process that begins, once for each surge.
    """

    __pydantic_config__ = _format(interval="within", origin="from")
    more_than: Annotated[int, _at_least(1)]
    interval: Annotated[Interval, _Read(_span)]
    starts: str
    of: tuple[str, ...] = ("type", "department")


@dataclass(frozen=True, kw_only=True)
class Opening(Setting):
    """When a person is there, for instance at a hotline: `hours` as in ``[policy]``."""

    __pydantic_config__ = _format(origin="from")
    hours: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Head:
    """The ``[policy]`` table: what the policy is, and the calendar it is counted on (see `WorkingCalendar`).

    Attributes:
        country: ISO 3166 code; "none" for a calendar that knows weekends only.
        dropped_marks: marks of lower layers' diagrams and forms that this one leaves out, as "element.mark" or
            "form/field.sealed", and why (D16).
    """

    __pydantic_config__ = _format()
    id: Annotated[str, _Read(_said)]
    title: Annotated[str, _Read(_said)]
    source: str = ""
    country: str | None = None
    subdivision: str | None = None
    zone: str | None = None
    hours: Mapping[str, tuple[str, ...]] | None = None
    weekend: tuple[str, ...] | None = None
    extra_days_off: tuple[date, ...] = ()
    extra_working_days: tuple[date, ...] = ()
    confirmed_years: tuple[int, ...] = ()
    dropped_marks: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, why in self.dropped_marks.items():
            if not why.strip():
                raise ValueError(f'dropped_marks."{name}" needs a reason')


@dataclass(frozen=True, kw_only=True)
class Sections:
    """The whole file."""

    __pydantic_config__ = _format(head="policy")
    head: Head
    deadlines: Mapping[str, Deadline] = field(default_factory=dict)
    repeats: Mapping[str, Repeat] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    bounds: Mapping[str, Bound] = field(default_factory=dict)
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    texts: Mapping[str, Text] = field(default_factory=dict)
    lists: Mapping[str, Choices] = field(default_factory=dict)
    retention: Mapping[str, Retention] = field(default_factory=dict)
    switches: Mapping[str, Switch] = field(default_factory=dict)
    openings: Mapping[str, Opening] = field(default_factory=dict)
    access: Mapping[str, Grant] = field(default_factory=dict)
    sealed: Mapping[str, Grant] = field(default_factory=dict)
    recusals: Mapping[str, Recusal] = field(default_factory=dict)
    separations: Mapping[str, Separation] = field(default_factory=dict)
    fallbacks: Mapping[str, Fallback] = field(default_factory=dict)
    receipts: Mapping[Literal["case"], Receipts] = field(default_factory=dict)
    attachments: Mapping[Literal["case"], Files] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    figures: Mapping[Literal["case"], Figures] = field(default_factory=dict)
    surges: Mapping[str, Surge] = field(default_factory=dict)


CLASSES: dict[str, Any] = {
    "policy": Head, "deadlines": Deadline, "repeats": Repeat, "roles": Role, "bounds": Bound, "amounts": Amount,
    "texts": Text, "lists": Choices, "retention": Retention, "switches": Switch,
    "openings": Opening, "access": Grant, "sealed": Grant, "recusals": Recusal, "separations": Separation,
    "fallbacks": Fallback, "receipts": Receipts, "attachments": Files, "facts": Fact, "figures": Figures,
    "surges": Surge,
}  # fmt: skip
