"""A form as a list of questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from complaintflow.formjs.component import Option
from complaintflow.formjs.evaluation import Placed
from complaintflow.formjs.filling import Block, Cell
from complaintflow.formjs.paths import shown
from complaintflow.formjs.rules import options_of
from complaintflow.records import dataclass

Translations = Mapping[tuple[str, str], str]

_HINTS = {
    "en": {
        "date": "a date, like 2026-11-22",
        "time": "a time, like 14:05",
        "datetime": "a date and time, like 2026-11-22T14:05",
        "datetime+": "a date and time with offset, like 2026-11-22T14:05+08:00",
        "time+": "a time with offset, like 14:05+08:00",
        "number": "a number",
        "checkbox": "yes or no",
        "one": "one of the options",
        "several": "any of the options",
        "filepicker": "name, size and type of the file",
        "dynamiclist": "a list, one row after the other",
        "email": "an e-mail address",
        "phone": "a phone number, like +861012345678",
    },
    "zh": {
        "date": "日期，如 2026-11-22",
        "time": "时间，如 14:05",
        "datetime": "日期和时间，如 2026-11-22T14:05",
        "datetime+": "带时区的日期和时间，如 2026-11-22T14:05+08:00",
        "time+": "带时区的时间，如 14:05+08:00",
        "number": "数字",
        "checkbox": "是或否",
        "one": "选择一项",
        "several": "可选多项",
        "filepicker": "文件的名称、大小和类型",
        "dynamiclist": "列表，逐行填写",
        "email": "电子邮箱地址",
        "phone": "电话号码，如 +861012345678",
    },
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question.

    Attributes:
        field: where the answer goes, such as ``reporter.name`` or ``persons[1].role``; rows count from 1.
        type: the form-js type.
        label: what to ask, translated.
        description: a longer explanation, translated.
        required: whether an answer is demanded.
        options: the choices, labels translated; empty for other types.
        hint: how to write the answer; empty for plain text.
        value: what stands there already.
    """

    field: str
    type: str
    label: str
    description: str
    required: bool
    options: tuple[Option, ...]
    hint: str
    value: object


def prompts(form: str, placed: Iterable[Placed], language: str, translations: Translations) -> Iterator[Prompt]:
    """The questions of a form that are to be asked now: shown, not computed, and not read-only."""
    hints = _HINTS.get(language, _HINTS["en"])
    for place in placed:
        part, scope, component = place.part, place.scope, place.part.component
        readonly = component.readonly if isinstance(component.readonly, bool) else component.readonly.holds(scope)
        if not component.bound or part.hidden or component.disabled or readonly or component.formula is not None:
            continue
        context = f"{form}/{'.'.join(component.keys) or component.id}"

        def translated(text: str, context: str = context) -> str:
            return translations.get((context, text), text)

        options = options_of(component, scope) if isinstance(part, Cell) and component.options_from != "" else ()
        yield Prompt(
            field=shown(part.keys),
            type=component.type,
            label=translated(component.label) or shown(part.keys),
            description=translated(component.description),
            required=component.required,
            options=tuple(Option(option.value, translated(option.label)) for option in component.options or options),
            hint=hints.get(_hint(part), ""),
            value=[None] * len(part.rows) if isinstance(part, Block) else part.value,
        )


def _hint(part: Cell | Block) -> str:
    component = part.component
    kind = component.rules.kind or component.type
    if kind == "datetime":
        subtype = str(component.attributes.get("subtype") or "date")
        zoned = str(component.attributes.get("timeSerializingFormat") or "").startswith("utc")
        return subtype + "+" * (zoned and subtype != "date")
    return {"radio": "one", "select": "one", "checklist": "several", "taglist": "several"}.get(kind, kind)
