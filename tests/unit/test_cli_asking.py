"""Forms asked on the terminal."""

from __future__ import annotations

import json
from typing import Any

import click
from cli_samples import CHOICES, INVESTIGATE, component, form
from click.testing import CliRunner, Result

from complaintflow.cli.asking import Around, Interview
from complaintflow.formjs import Form

LABELS = {("sample-investigate/cause", "Cause"): "原因"}


def ask(source: str, *answers: str, language: str = "en", variables: dict[str, Any] | None = None) -> Result:
    """What the terminal shows; the last line on standard output is the result as JSON."""

    @click.command()
    def interview() -> None:
        data = Interview(Form.load(source), Around(variables or {}), LABELS, language).run()
        click.echo(json.dumps(data))

    return CliRunner().invoke(interview, input="\n".join(answers) + "\n")


def answered(result: Result) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return data


def test_fields_appear_as_answers_make_them() -> None:
    """The portions are asked only after the complaint is said to be justified; a number names an option."""
    assert answered(ask(INVESTIGATE, "y", "1", "2", "")) == {"justified": True, "cause": "food", "portions": 2}
    assert answered(ask(INVESTIGATE, "n", "None", "cold")) == {"justified": False, "cause": "none", "remark": "cold"}


def test_a_required_answer_and_a_known_option_are_insisted_on() -> None:
    """Enter does not leave a required field empty, and what is no option is asked again at once."""
    result = ask(INVESTIGATE, "n", "", "9", "food", "")
    assert answered(result)["cause"] == "food"
    assert "an answer is needed" in result.stderr
    assert "none of the options" in result.stderr


def test_what_the_form_refuses_is_asked_again() -> None:
    """A wrong number is explained in the form's words, and only that field is asked again."""
    result = ask(INVESTIGATE, "y", "food", "many", "", "3")
    assert answered(result) == {"justified": True, "cause": "food", "portions": 3}
    assert "Please correct:" in result.stderr
    assert result.stderr.count("Is the complaint justified?") == 1


def test_questions_come_in_the_language() -> None:
    """Labels and instructions are translated; what has no translation stays English."""
    result = ask(INVESTIGATE, "否", "2", "", language="zh")
    assert answered(result) == {"justified": False, "cause": "none"}
    assert "原因" in result.stderr
    assert "按回车保持不变" in result.stderr


def test_what_stands_there_already_is_shown_and_may_stay() -> None:
    """A variable of the case fills its field: Enter keeps it."""
    source = form("f", component("textfield", "solution", "Solution", validate={"required": True}))
    result = ask(source, "", variables={"solution": "Refund"})
    assert "now: Refund" in result.stderr
    assert answered(result) == {}


def test_rows_are_counted_first() -> None:
    """A list asks how many rows, then their fields one by one."""
    rows = {"type": "dynamiclist", "id": "persons", "path": "persons", "label": "Persons", "components": [
        component("textfield", "name", "Name"), component("select", "cause", "Cause", values=CHOICES)]}  # fmt: skip
    result = ask(form("f", rows), "two", "1000", "2", "Li Wei", "1", "Zhao Min", "")
    assert result.stderr.count("give a whole number, up to 100") == 2
    assert answered(result) == {"persons": [{"name": "Li Wei", "cause": "food"}, {"name": "Zhao Min"}]}


def test_yes_and_no_are_insisted_on() -> None:
    """Any other word is asked again at once with the valid answers; a tick that is required says so."""
    result = ask(INVESTIGATE, "perhaps", "ja", "y", "food", "3", "")
    assert answered(result)["justified"] is True
    assert result.stderr.count("answer y (yes) or n (no)") == 2
    assert "请回答“是”或“否”" in ask(INVESTIGATE, "perhaps", "否", "2", "", language="zh").stderr
    agreed = form("f", component("checkbox", "agreed", "I agree", validate={"required": True}))
    result = ask(agreed, "", "n", "yes")
    assert answered(result) == {"agreed": True}
    assert "y/n, y is needed" in result.stderr
    assert result.stderr.count("only y (yes) is accepted here") == 2
    assert "Please correct" not in result.stderr


def test_giving_up_sends_nothing() -> None:
    """The end of the input in the middle of a form is a refusal, not half an answer."""
    result = ask(INVESTIGATE)
    assert result.exit_code == 1
    assert "justified" not in result.stdout
