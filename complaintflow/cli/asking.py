"""Asking a form on the terminal, one field after the other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from complaintflow.cli.data import choice, put, typed
from complaintflow.cli.look import aside, clean, columns, dim, wrap
from complaintflow.errors import InvalidData

if TYPE_CHECKING:
    from complaintflow.cli.labels import Labels
    from complaintflow.formjs import Component, Form, Prompt

_WORDS: Final = {
    "en": {
        "enter": "Enter leaves it as it is, Ctrl-C gives up. Nothing is sent before the last answer.",
        "needed": "an answer is needed",
        "which": "one number of the list, or the text itself",
        "which several": "numbers of the list, with commas between",
        "yes": "y/n",
        "rows": "how many",
        "again": "Please correct:",
        "required": "*",
    },
    "zh": {
        "enter": "按回车保持不变，按 Ctrl-C 放弃。回答完最后一项之前不会提交任何内容。",
        "needed": "必须填写",
        "which": "输入列表中的编号或文字",
        "which several": "输入列表中的编号，用逗号分隔",
        "yes": "是/否",
        "rows": "共几项",
        "again": "请更正：",
        "required": "*",
    },
}


def ask(form: Form, context: Mapping[str, object], labels: Labels, language: str) -> dict[str, Any]:
    """Answers to a form, checked by it.

    Args:
        context: the variables of the case.
        labels: texts in the language, as `Form.describe` takes them.

    Raises:
        click.Abort: the person gave up.
    """
    words = _WORDS[language]
    aside(words["enter"], dim=True)
    data: dict[str, Any] = {}
    asked: set[str] = set()
    while True:
        # An answer can show or hide other fields, so the form is looked at anew after each.
        prompts = form.describe(language, labels, data, context)
        following = next((prompt for prompt in prompts if prompt.field not in asked), None)
        if following is not None:
            asked.add(following.field)
            _ask_one(following, _component(form, following), data, words)
            continue
        try:
            form.validate(data, context)
        except InvalidData as error:
            asked -= _complain(error, asked, words)
            continue
        return data


def _component(form: Form, prompt: Prompt) -> Component | None:
    path = re.sub(r"\[\d+\]", "[]", prompt.field)
    return next((component for component in form.fields if component.path == path), None)


def _complain(error: InvalidData, asked: set[str], words: Mapping[str, str]) -> set[str]:
    """Say what is wrong; the fields to ask again.

    Raises:
        InvalidData: nothing that can be asked is wrong.
    """
    wrong = {field for field, _ in error.problems} & asked
    if not wrong:
        raise error
    aside("")
    aside(words["again"], fg="red")
    for field, sentence in error.problems:
        aside(f"  {field}: {clean(sentence)}")
    return wrong


def _ask_one(prompt: Prompt, component: Component | None, data: dict[str, Any], words: Mapping[str, str]) -> None:
    aside("")
    mark = click.style(" " + words["required"], fg="red") if prompt.required else ""
    hint = f"  ({prompt.hint})" if prompt.hint and prompt.type != "checkbox" else ""
    aside(click.style(clean(prompt.label), bold=True) + mark + dim(hint))
    for line in wrap(clean(prompt.description), columns() or 100, "  ") if prompt.description else ():
        aside(line, dim=True)
    for number, option in enumerate(prompt.options, 1):
        aside(f"  {number}  {clean(option.label)}")
    while True:
        text = click.prompt(_lead(prompt, words), default="", show_default=False, prompt_suffix="> ", err=True).strip()
        if not text and prompt.required and prompt.value in (None, "", [], False) and prompt.type != "checkbox":
            aside("  " + words["needed"], fg="red")
            continue
        if text:
            put(data, prompt.field, _answer(text, prompt, component))
        return


def _lead(prompt: Prompt, words: Mapping[str, str]) -> str:
    """What stands before the cursor."""
    if prompt.type == "dynamiclist":
        return f"  {words['rows']} "
    if prompt.type == "checkbox":
        return f"  {words['yes']} "
    if prompt.options:
        return f"  {words['which several' if prompt.type in ('checklist', 'taglist') else 'which']} "
    return "  "


def _answer(text: str, prompt: Prompt, component: Component | None) -> Any:
    if prompt.type == "dynamiclist":
        return [{} for _ in range(min(int(text), 100))] if text.isdigit() else text
    if not prompt.options:
        return typed(text, component)
    if prompt.type in ("checklist", "taglist"):
        return [_option(one.strip(), prompt, component) for one in text.split(",") if one.strip()]
    return _option(text, prompt, component)


def _option(text: str, prompt: Prompt, component: Component | None) -> Any:
    """A choice by its number, its label in any language, or its value."""
    if text.isdigit() and 1 <= int(text) <= len(prompt.options):
        return prompt.options[int(text) - 1].value
    for option in prompt.options:
        if text in (option.label, option.value):
            return option.value
    return choice(text, component) if component is not None else text
