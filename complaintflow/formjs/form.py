"""Forms: what one looks like, and what data it lets in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from complaintflow.errors import InvalidData
from complaintflow.formjs.assembly import Assembly, Part, result
from complaintflow.formjs.component import Component
from complaintflow.formjs.describing import Prompt, prompts
from complaintflow.formjs.evaluation import settle
from complaintflow.formjs.expressions import Scope
from complaintflow.formjs.filling import Around, Block, Cell, fill
from complaintflow.formjs.paths import Branch, Stranger, shown, strangers, tree
from complaintflow.formjs.plain import Unfit, plain
from complaintflow.formjs.reading import RESERVED, Reader, parse
from complaintflow.formjs.rules import check
from complaintflow.records import dataclass

NOTHING: Mapping[str, object] = MappingProxyType({})
NO_FUNCTIONS: Mapping[str, Callable[..., object]] = MappingProxyType({})


@dataclass(frozen=True)
class Form:
    """A form-js form, read and checked.

    Attributes:
        id: the form's id, unique over all processes.
        file: where it was read from.
        root: the tree of its components.
    """

    id: str
    file: str
    root: Component
    _places: Branch
    _evaluates: bool

    @classmethod
    def load(cls, text: str, file: str = "form") -> Form:
        """Read a ``.form`` file.

        Args:
            text: its content, form-js JSON with a schema version up to 20.
            file: named in errors.

        Raises:
            InvalidForm: with the file, the component and what to change.
        """
        root = Reader(file).root(parse(text, file))
        evaluates = any(component.evaluates for component in root.walk())
        return cls(root.id, file, root, tree(root, file), evaluates)

    @property
    def components(self) -> tuple[Component, ...]:
        """Everything in the form, also what is only shown, in the order of the file."""
        return tuple(self.root.walk())[1:]

    @property
    def fields(self) -> tuple[Component, ...]:
        """The components that stand for a value: fields and lists, in the order of the file."""
        return tuple(component for component in self.components if component.bound)

    @property
    def open(self) -> bool:
        """Whether data beyond the fields are let in: ``"properties": {"open": true}`` at the root of the JSON.

        Camunda Modeler keeps the mark but does not show it.
        """
        return self.root.properties.get("open") == "true"

    def validate(
        self,
        data: Mapping[str, object],
        context: Mapping[str, object] = NOTHING,
        *,
        partial: bool = False,
        today: dt.date | None = None,
        functions: Mapping[str, Callable[..., object]] = NO_FUNCTIONS,
    ) -> dict[str, object]:
        """Check data against the form, and clean them.

        What is not sent keeps the variable of ``context``, else the form's default, else it is empty ("" for texts,
        false for a check box, [] for several choices and lists, null else). What is hidden is neither checked nor
        returned. What is read-only or disabled keeps the variable's value, and sending another is refused. An object
        that the form fills only in part is completed from ``context``.

        Args:
            data: JSON values by field, with levels as objects: ``{"reporter": {"name": "Zhao Min"}}``. Python's dates
                and times are taken too.
            context: the variables of the case (complete: masked values would be written back).
            partial: only look at what was sent (a draft): nothing is required, and only that is returned.
            today: the day in the organisation's zone; without it, ``disallowPassedDates`` is not checked.
            functions: host functions that the form's expressions may call.

        Returns:
            the variables to set: JSON values by name.

        Raises:
            InvalidData: with a sentence for each field, rows counted from 1 as in FEEL: ``persons[1].name``.
            FeelLimitExceeded: an expression of the form did too much work.
        """
        if not isinstance(data, Mapping):
            raise self._invalid([(self.id, "The data must be an object with the form's fields.")])
        foreign = list(strangers(self._places, data))
        problems = [(shown(stranger.keys), stranger.sentence) for stranger in foreign if not self._lets_in(stranger)]
        root = fill(self.root, Around(data, context, (context,)))
        for place in settle(root, context, functions, self._evaluates):
            part, scope = place.part, place.scope
            problems.extend((shown(part.keys), sentence) for sentence in _problems(part, scope, partial, today))
        made = result(root, NOTHING if partial else context, _sent if partial else _yields)
        problems.extend(self._add_foreign(foreign, made))
        if problems:
            raise self._invalid(problems)
        return made.data

    def describe(
        self,
        language: str = "en",
        translations: Mapping[tuple[str, str], str] = MappingProxyType({}),
        data: Mapping[str, object] = NOTHING,
        context: Mapping[str, object] = NOTHING,
        *,
        functions: Mapping[str, Callable[..., object]] = NO_FUNCTIONS,
    ) -> tuple[Prompt, ...]:
        """What to ask, for a terminal or a front end of one's own.

        Args:
            language: of the hints, ``en`` or ``zh``.
            translations: texts of that language by (``form id/component key or id``, English text), as in
                ``labels.zh.po``; what is missing stays as written.
            data: answers so far; they decide what is hidden and what choices offer.
            context: the variables of the case.
            functions: host functions that the form's expressions may call.

        Raises:
            FeelLimitExceeded: an expression of the form did too much work.
        """
        root = fill(self.root, Around(data, context, (context,)))
        return tuple(prompts(self.id, settle(root, context, functions, self._evaluates), language, translations))

    def _lets_in(self, stranger: Stranger) -> bool:
        return self.open and stranger.additional and stranger.keys[0] not in RESERVED

    def _add_foreign(self, foreign: Iterable[Stranger], made: Assembly) -> Iterable[tuple[str, str]]:
        for stranger in foreign:
            if self._lets_in(stranger):
                try:
                    made.put(stranger.keys, plain(stranger.value))
                except Unfit as unfit:
                    yield shown(stranger.keys), str(unfit)

    def _invalid(self, problems: list[tuple[str, str]]) -> InvalidData:
        return InvalidData(
            f"the data do not fit the form {self.id}",
            problems,
            where=self.file,
            advice="correct these fields and send the data again",
        )


def _problems(part: Part, scope: Scope, partial: bool, today: dt.date | None) -> Iterable[str]:
    if part.hidden or (partial and not part.sent):
        return
    if isinstance(part, Block):
        if part.complaint:
            yield part.complaint
        return
    readonly = part.component.readonly
    if not isinstance(readonly, bool) and readonly.holds(scope):
        part.keep()
    if part.complaint:
        yield part.complaint
    elif not part.component.disabled and part.component.formula is None:
        try:
            yield from check(part, scope, today)
        except Unfit as unfit:
            yield str(unfit)


def _yields(part: Part) -> bool:
    """Whether the part is in what the form yields: as in form-js, all that is shown and not disabled."""
    if part.hidden or part.keys[:1] in (("case",), ("policy",)):
        return False
    return not part.component.disabled or (isinstance(part, Cell) and part.in_row)


def _sent(part: Part) -> bool:
    return part.sent and _yields(part)
