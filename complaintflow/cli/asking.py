"""Asking a form on the terminal, one field after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

import click

from complaintflow.cli.data import choice, put, typed
from complaintflow.cli.look import aside, clean, columns, cut, dim, wrap
from complaintflow.errors import InvalidData
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from datetime import date

    from complaintflow.formjs import Component, Form, Prompt
    from complaintflow.labels import Labels

_WORDS: Final = {
    "en": {
        "enter": "Enter leaves a field as it is, Ctrl-C gives up. Nothing is sent before the last answer.",
        "needed": "an answer is needed",
        "which": "number or text",
        "which several": "numbers, with commas between",
        "unknown": "that is none of the options: give a number up to {most}, or the text of one",
        "yes": "y/n",
        "tick": "y/n, y is needed",
        "neither": "answer y (yes) or n (no)",
        "ticked": "only y (yes) is accepted here; Ctrl-C gives up",
        "rows": "how many",
        "no count": "give a whole number, up to {most}",
        "again": "Please correct:",
        "now": "now",
    },
    "zh": {
        "enter": "按回车保持不变，按 Ctrl-C 放弃。回答完最后一项之前不会提交任何内容。",
        "needed": "必须填写",
        "which": "编号或文字",
        "which several": "编号，用逗号分隔",
        "unknown": "不在选项之中：请输入不大于 {most} 的编号，或选项的文字",
        "yes": "是/否",
        "tick": "是/否，须答“是”",
        "neither": "请回答“是”或“否”",
        "ticked": "此处须答“是”；按 Ctrl-C 放弃",
        "rows": "共几项",
        "no count": "请输入整数，不大于 {most}",
        "again": "请更正：",
        "now": "现为",
    },
}
_SEVERAL: Final = ("checklist", "taglist")
_EMPTY: Final[tuple[object, ...]] = (None, "", [], {}, False)
_MOST_ROWS: Final = 100


@dataclass(frozen=True, slots=True)
class Around:
    """What a form sees beside the answers: variables, today, and functions that its expressions may call."""

    variables: Mapping[str, object] = field(default_factory=dict)
    today: date | None = None
    functions: Mapping[str, Callable[..., object]] = field(default_factory=dict)


class Interview:
    """One form, asked until it is satisfied.

    Args:
        form: the form.
        around: the variables of the case and what goes with them.
        labels: texts in the language, as `Form.describe` takes them.
        language: "en" or "zh".
    """

    def __init__(self, form: Form, around: Around, labels: Labels, language: str) -> None:
        self.form = form
        self.around = around
        self.labels = labels
        self.language = language
        self.words = _WORDS[language]
        self.data: dict[str, Any] = {}
        self.asked: set[str] = set()

    def run(self) -> dict[str, Any]:
        """The answers, checked by the form.

        Raises:
            click.Abort: the person gave up.
            InvalidData: something is wrong that no answer can mend.
        """
        aside(self.words["enter"], dim=True)
        while True:
            # An answer can show or hide other fields, so the form is looked at anew after each.
            following = next((prompt for prompt in self._prompts() if prompt.field not in self.asked), None)
            if following is not None:
                self.asked.add(following.field)
                self._ask(following)
                continue
            around = self.around
            try:
                self.form.validate(self.data, around.variables, today=around.today, functions=around.functions)
            except InvalidData as error:
                self._complain(error)
                continue
            return self.data

    def _prompts(self) -> tuple[Prompt, ...]:
        around = self.around
        return self.form.describe(self.language, self.labels, self.data, around.variables, functions=around.functions)

    def _complain(self, error: InvalidData) -> None:
        """Say what is wrong, and forget those answers, so that they are asked again."""
        wrong = {name for name, _ in error.problems} & self.asked
        if not wrong:
            raise error
        aside("")
        aside(self.words["again"], fg="red")
        for name, sentence in error.problems:
            aside(f"  {name}: {clean(sentence)}")
        self.asked -= wrong
        for name in wrong:
            put(self.data, name, None)

    # -- one question -----------------------------------------------------------------------

    def _ask(self, prompt: Prompt) -> None:
        self._pose(prompt)
        while True:
            text = click.prompt(
                self._lead(prompt), default="", show_default=False, prompt_suffix="> ", err=True
            ).strip()
            answer = self._answer(text, prompt) if text else None
            wrong = self._wrong(answer, prompt) if text else self._missing(prompt)
            if wrong:
                aside("  " + wrong, fg="red")
                continue
            if text:
                put(self.data, prompt.field, answer)
            return

    def _wrong(self, answer: Any, prompt: Prompt) -> str:
        """What to say at once of an answer that cannot be one; empty where the form has to look at it."""
        if prompt.type == "checkbox":
            if not isinstance(answer, bool):
                return self.words["neither"]
            return "" if answer or not prompt.required else self.words["ticked"]
        if prompt.type == "dynamiclist":
            return "" if isinstance(answer, list) else self.words["no count"].format(most=_MOST_ROWS)
        offered = not prompt.options or self._offered(answer, prompt)
        return "" if offered else self.words["unknown"].format(most=len(prompt.options))

    def _missing(self, prompt: Prompt) -> str:
        """What to say where nothing was answered."""
        if not prompt.required or prompt.value not in _EMPTY:
            return ""
        return self.words["ticked" if prompt.type == "checkbox" else "needed"]

    def _pose(self, prompt: Prompt) -> None:
        aside("")
        mark = click.style(" *", fg="red") if prompt.required else ""
        hint = dim(f"  ({prompt.hint})") if prompt.hint and not prompt.options and prompt.type != "checkbox" else ""
        aside(click.style(clean(prompt.label), bold=True) + mark + hint)
        for line in wrap(clean(prompt.description), columns() or 100, "  ") if prompt.description else ():
            aside(line, dim=True)
        for number, option in enumerate(prompt.options, 1):
            aside(f"  {number}  {clean(option.label)}")
        if prompt.value not in _EMPTY and prompt.type != "dynamiclist":
            shown = next((one.label for one in prompt.options if one.value == prompt.value), str(prompt.value))
            aside(cut(f"  {self.words['now']}: {clean(shown)}", columns()), dim=True)

    def _lead(self, prompt: Prompt) -> str:
        """What stands before the cursor."""
        if prompt.type == "dynamiclist":
            return f"  {self.words['rows']} "
        if prompt.type == "checkbox":
            return f"  {self.words['tick' if prompt.required else 'yes']} "
        if prompt.options:
            return f"  {self.words['which several' if prompt.type in _SEVERAL else 'which']} "
        return "  "

    def _answer(self, text: str, prompt: Prompt) -> Any:
        if prompt.type == "dynamiclist":
            count = int(text) if text.isdecimal() and len(text) < 9 else _MOST_ROWS + 1
            return [{} for _ in range(count)] if count <= _MOST_ROWS else text
        component = self._component(prompt)
        if not prompt.options:
            return typed(text, component)
        if prompt.type in _SEVERAL:
            return [_option(one.strip(), prompt, component) for one in re.split("[,，、]", text) if one.strip()]
        return _option(text, prompt, component)

    def _component(self, prompt: Prompt) -> Component | None:
        path = re.sub(r"\[\d+\]", "[]", prompt.field)
        return next((component for component in self.form.fields if component.path == path), None)

    @staticmethod
    def _offered(answer: Any, prompt: Prompt) -> bool:
        values = [option.value for option in prompt.options]
        return all(one in values for one in answer) if isinstance(answer, list) else answer in values


def _option(text: str, prompt: Prompt, component: Component | None) -> Any:
    """A choice by its number, its label in any language, or its value."""
    if text.isdecimal() and 1 <= int(text) <= len(prompt.options):
        return prompt.options[int(text) - 1].value
    for option in prompt.options:
        if text in (option.label, option.value):
            return option.value
    return choice(text, component) if component is not None else text
