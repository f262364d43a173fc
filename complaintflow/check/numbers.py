"""Numbers in words that people read, although the policy file owns them: change one, and the other lies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from complaintflow.check.facts import Facts
from complaintflow.check.finding import WARNING, Finding
from complaintflow.errors import CalendarError
from complaintflow.time.interval import Interval

if TYPE_CHECKING:
    from complaintflow.formjs import Component

_NUMBERS: Final = {
    word: number
    for number, words in enumerate(
        ("", "one 一", "two 二 两", "three 三", "four 四", "five 五", "six 六", "seven 七", "eight 八", "nine 九",
         "ten 十", "eleven 十一", "twelve 十二", "thirteen 十三", "fourteen 十四", "fifteen 十五")
    )
    for word in words.split()
}  # fmt: skip
_NUMBERS.update({"twenty": 20, "二十": 20, "twenty-four": 24, "二十四": 24, "thirty": 30, "三十": 30})
_WORDS: Final = "|".join(sorted((word for word in _NUMBERS if word.isascii()), key=len, reverse=True))
_CHARACTERS: Final = "|".join(sorted((word for word in _NUMBERS if not word.isascii()), key=len, reverse=True))
_ENGLISH: Final = re.compile(
    rf"\b(?P<count>\d+|{_WORDS})[\s-]+(?P<kind>working|business)?[\s-]*(?P<unit>minute|hour|day|week|month|year)s?(?![\w-])",
    re.IGNORECASE,
)
_CHINESE: Final = re.compile(
    rf"(?P<count>\d+|{_CHARACTERS})\s*个?(?P<unit>工作日|自然日|工作小时|小时|分钟|天|日|周|星期|月|年)(?!\d)"
)
_UNITS: Final = {
    "工作日": "working day", "自然日": "day", "工作小时": "working hour", "小时": "hour", "分钟": "minute", "天": "day",
    "日": "day", "周": "week", "星期": "week", "月": "month", "年": "year",
}  # fmt: skip
# Numbers that are also said without counting.
_ARTICLES: Final = ("one ", "一")
# A date, not a length of time.
_DATE: Final = re.compile(r"\d+年\d+月(\d+日)?|\d+月\d+日")
_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


class Found(NamedTuple):
    """A length of time in a text."""

    words: str
    interval: Interval


def intervals(text: str) -> Iterator[Found]:
    """Lengths of time that a text names in English or Chinese."""
    text = _DATE.sub(" ", text)
    for match in _ENGLISH.finditer(text):
        unit = match["unit"].lower()
        if match["kind"] and unit in ("day", "hour"):
            unit = f"working {unit}"
        yield from _found(match[0], match["count"].lower(), unit)
    for match in _CHINESE.finditer(text):
        yield from _found(match[0], match["count"], _UNITS[match["unit"]])


def _found(words: str, count: str, unit: str) -> Iterator[Found]:
    number = int(count) if count.isdigit() and len(count) < 6 else _NUMBERS.get(count)
    if number is None:
        return
    try:
        yield Found(words, Interval(number, unit))  # type: ignore[arg-type]  # the constructor checks it
    except CalendarError:
        return


def numbers(facts: Facts) -> Iterator[Finding]:
    """Labels, form texts and notices that carry a number which the policy file owns."""
    owners = _owners(facts)
    for diagram in facts.diagrams:
        for element, label in diagram.labels():
            yield from _told(label, f"the label '{label}'", diagram.where(element), owners)
            yield from _counted(label, diagram.where(element), facts)
    for path, form in facts.forms.values():
        for component in form.components:
            where = f"{path}, component {'.'.join(component.keys) or component.id}"
            for text in _said(component):
                yield from _told(text, "the form", where, owners)
    for paths in facts.notices.values():
        for path in paths:
            yield from _told(_TEMPLATE.sub(" ", facts.texts[path]), "the notice", path, owners)


def _owners(facts: Facts) -> Mapping[Interval, str]:
    """Interval -> the entry of the policy file that has it."""
    found: dict[Interval, str] = {}
    for section in ("deadlines", "repeats", "retention"):
        for name, entry in facts.names.get(section, {}).items():
            found.setdefault(entry.interval, f"{section}.{name}")
    return found


def _told(text: str, what: str, where: str, owners: Mapping[Interval, str]) -> Iterator[Finding]:
    for words, interval in intervals(text):
        owner = owners.get(interval)
        if owner is None and words.lower().startswith(_ARTICLES):
            continue  # "one day" is also how a person speaks
        if owner:
            advice = f"say it without the number, which {owner} in policy.toml owns"
        else:
            advice = "say it without the number; if it is a rule, it belongs in policy.toml, where no entry has it"
        yield Finding(WARNING, f"{what} says '{words}'", where, advice)


def _counted(label: str, where: str, facts: Facts) -> Iterator[Finding]:
    """Numbers that bound something; 0 and 1 are said too often to mean a bound."""
    plain = label
    for words, _ in intervals(label):
        plain = plain.replace(words, " ")
    said = {int(number) for number in re.findall(r"(?<![\w.-])\d{1,6}(?![\w.-])", plain)}
    for name, bound in facts.names.get("bounds", {}).items():
        if bound.value > 1 and bound.value in said:
            advice = f"say it without the number, which bounds.{name} in policy.toml owns"
            yield Finding(WARNING, f"the label '{label}' says {bound.value}", where, advice)


def _said(component: Component) -> Iterator[str]:
    """What people read of a component; formulas are not read."""
    texts: list[Any] = [component.label, component.description, component.attributes.get("text")]
    yield from (text for text in texts if isinstance(text, str) and text and not text.startswith("="))
