"""Conditions, computed fields and what they see: the server agrees with the browser."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from complaintflow.errors import InvalidData
from complaintflow.formjs import Form
from complaintflow.formjs.expressions import Condition, Scope


def form_of(*components: dict[str, object]) -> Form:
    """A form with these components."""
    return Form.load(json.dumps({"type": "default", "id": "f", "components": components}), "f.form")


def text(key: str, **more: object) -> dict[str, object]:
    """A text field."""
    return {"type": "textfield", "id": f"id_{key}", "key": key, **more}


def number(key: str, **more: object) -> dict[str, object]:
    """A number field."""
    return {"type": "number", "id": f"id_{key}", "key": key, **more}


def tick(key: str, **more: object) -> dict[str, object]:
    """A check box."""
    return {"type": "checkbox", "id": f"id_{key}", "key": key, **more}


def hide(condition: str) -> dict[str, object]:
    """The conditional of a component."""
    return {"hide": condition}


REQUIRED = {"required": True}


@pytest.mark.parametrize(
    ("condition", "variables", "holds"),
    [
        ("not(a)", {"a": True}, False),
        ("not(a)", {"a": False}, True),
        ("not(a)", {}, False),
        ("not( a )  ", {"a": False}, True),
        ("not(not(a))", {"a": True}, True),
        ("not(not(a))", {}, False),
        ("not(a, b)", {"a": False, "b": False}, True),
        ("not(a, b)", {"a": False, "b": True}, False),
        ("not(a) and b", {"a": False, "b": True}, True),
        ("not(a) or not(b)", {"a": True, "b": True}, False),
        ('not(a = ")")', {"a": "x"}, True),
        ("a", {"a": True}, True),
        ("a", {}, True),
        ("a", {"a": "x"}, False),
        ("a", {"a": 0}, False),
        ("a = null", {}, True),
        ('a != "x"', {}, True),
        ('not(a = "x")', {"a": "x"}, False),
        ("a > 3", {}, True),
        ("a > 3", {"a": 2}, False),
        (">5", {}, False),
        ("a, b", {"a": False, "b": True}, True),
        ('list contains(a, "x")', {"a": ["x"]}, True),
        ('not(list contains(a, "x"))', {}, False),
        ("true", {}, True),
        ("false", {}, False),
        ("null", {}, True),
    ],
)
def test_conditions_hold_as_in_the_browser(condition: str, variables: Mapping[str, object], holds: bool) -> None:
    """The answers of form-js 1.23, which tests null against the condition: null counts as true, within not() too."""
    assert Condition.read(f"={condition}").holds(Scope(variables, {}, {})) is holds


def test_hidden_fields_are_neither_demanded_nor_kept() -> None:
    """An anonymous report needs no name, and a name that was sent all the same is dropped."""
    form = form_of(
        tick("anonymous"), text("name", validate={**REQUIRED, "minLength": 2}, conditional=hide("=anonymous"))
    )
    assert form.validate({"anonymous": True}) == {"anonymous": True}
    assert form.validate({"anonymous": True, "name": "Zhao Min"}) == {"anonymous": True}
    assert form.validate({"anonymous": True, "name": ["not even", "a text"]}) == {"anonymous": True}
    assert form.validate({"name": "Zhao Min"}) == {"anonymous": False, "name": "Zhao Min"}
    with pytest.raises(InvalidData, match="name: It is required"):
        form.validate({"anonymous": False})


def test_a_hidden_group_hides_all_inside() -> None:
    """A condition on a group or a list covers everything in it, lists included."""
    form = form_of(
        tick("known"),
        {
            "type": "group",
            "id": "g",
            "path": "reporter",
            "conditional": hide("=not(known)"),
            "components": [
                text("name", validate=REQUIRED),
                {"type": "dynamiclist", "id": "l", "path": "phones", "components": [text("no", validate=REQUIRED)]},
            ],
        },
    )
    assert form.validate({"reporter": {"phones": [{}]}}) == {"known": False}
    with pytest.raises(InvalidData) as wrong:
        form.validate({"known": True, "reporter": {"phones": [{}]}})
    assert [field for field, _ in wrong.value.problems] == ["reporter.name", "reporter.phones[1].no"]


def test_what_is_hidden_counts_as_it_was_at_first() -> None:
    """A condition that looks at a hidden field sees its first value, not what was sent for it."""
    form = form_of(
        tick("a"),
        text("b", conditional=hide("=not(a)")),
        text("c", conditional=hide('=b = ""')),
    )
    assert form.validate({"a": False, "b": "sent", "c": "dropped"}) == {"a": False}
    assert form.validate({"a": False, "b": "sent", "c": "seen"}, {"b": "old"}) == {"a": False, "c": "seen"}
    assert form.validate({"a": True, "b": "sent", "c": "seen"}) == {"a": True, "b": "sent", "c": "seen"}


def test_conditions_see_the_case() -> None:
    """Variables of the case are seen, under the form's own values."""
    form = form_of(text("reason", conditional=hide('=ruling != "refused"')), text("level"))
    assert form.validate({"reason": "late"}, {"ruling": "refused"}) == {"reason": "late", "level": ""}
    assert form.validate({"reason": "late"}, {"ruling": "granted"}) == {"level": ""}


def test_rows_see_themselves_and_what_is_around_them() -> None:
    """In a list, ``this`` is the row, ``parent`` what is around it, ``i`` the positions from 1."""
    inner = {
        "type": "dynamiclist",
        "id": "inner",
        "path": "steps",
        "components": [
            text("step"),
            {"type": "expression", "id": "e", "key": "place", "expression": "=i", "computeOn": "change"},
            text("why", conditional=hide("=parent.done or this.step = null")),
        ],
    }
    form = form_of(
        text("title"),
        {
            "type": "dynamiclist",
            "id": "outer",
            "path": "measures",
            "components": [tick("done"), text("owner", conditional=hide('=this.done or _parent_.title = "x"')), inner],
        },
    )
    rows = [
        {"done": True, "owner": "kitchen", "steps": [{"step": "a", "why": "b"}]},
        {"done": False, "owner": "bar", "steps": [{"step": "a"}, {"step": "c", "why": "d"}]},
    ]
    assert form.validate({"title": "t", "measures": rows})["measures"] == [
        {"done": True, "steps": [{"step": "a", "place": [1, 1]}]},
        {
            "done": False,
            "owner": "bar",
            "steps": [{"step": "a", "place": [2, 1], "why": ""}, {"step": "c", "place": [2, 2], "why": "d"}],
        },
    ]


def test_computed_fields_are_computed_here() -> None:
    """What a form computes is computed on the server, whatever the browser sent, and can build on itself."""
    form = form_of(
        {"type": "expression", "id": "e2", "key": "total", "expression": "=net * 2", "computeOn": "change"},
        {"type": "expression", "id": "e1", "key": "net", "expression": "=price - 1", "computeOn": "presubmit"},
        {"type": "expression", "id": "e3", "key": "day", "expression": '=date("2026-11-22")', "computeOn": "change"},
        number("price"),
    )
    found = form.validate({"price": 10, "total": 999})
    assert found == {"total": 18, "net": 9, "day": "2026-11-22", "price": 10}


def test_limits_may_be_computed() -> None:
    """Minimum, maximum and lengths may be expressions; one that yields null is no limit."""
    form = form_of(
        number("paid"),
        number("refund", validate={"min": "=0", "max": "=paid"}),
        text("note", validate={"maxLength": "=missing", "minLength": "=if refund > 5 then 3 else 0"}),
        text("odd", validate={"maxLength": '="many"'}),
    )
    assert form.validate({"paid": 10, "refund": 10, "note": "long enough"})["refund"] == 10
    assert form.validate({"refund": 4, "note": "x"})["refund"] == 4
    with pytest.raises(InvalidData) as wrong:
        form.validate({"paid": 10, "refund": 11, "note": "x", "odd": "y"})
    assert wrong.value.problems == (
        ("refund", "It must be at most 10."),
        ("note", "It must have at least 3 characters."),
        ("odd", "It cannot be checked: the form asks for a limit that is no number."),
    )


def test_options_may_come_from_the_case() -> None:
    """Options from a variable or an expression are those of the case, and nothing else is let in."""
    form = form_of(
        {"type": "select", "id": "s", "key": "store", "valuesKey": "stores"},
        {"type": "taglist", "id": "t", "key": "team", "valuesExpression": "=staff[active].name"},
    )
    context = {
        "stores": ["north", {"label": "South", "value": {"id": 2}}, {"value": 3}, "", None],
        "staff": [{"name": "Li Wei", "active": True}, {"name": "Zhao Min", "active": False}],
    }
    for store in ("north", {"id": 2}, 3):
        assert form.validate({"store": store}, context)["store"] == store
    assert form.validate({"team": ["Li Wei"]}, context)["team"] == ["Li Wei"]
    with pytest.raises(InvalidData) as wrong:
        form.validate({"store": "west", "team": ["Zhao Min"]}, context)
    assert [field for field, _ in wrong.value.problems] == ["store", "team"]
    with pytest.raises(InvalidData, match="nothing to choose from"):
        form.validate({"store": "north"})


def test_functions_of_the_host_can_be_called() -> None:
    """An expression may call the functions that the engine hands in."""
    form = form_of(number("days", validate={"max": "=allowance()"}))
    assert form.validate({"days": 3}, functions={"allowance": lambda: 3}) == {"days": 3}
    with pytest.raises(InvalidData):
        form.validate({"days": 4}, functions={"allowance": lambda: 3})


def test_read_only_may_depend_on_a_condition() -> None:
    """A field that its condition makes read-only cannot be changed; otherwise it can."""
    form = form_of(tick("locked"), text("verdict", readonly="=locked"))
    assert form.validate({"verdict": "new"}, {"locked": False, "verdict": "old"})["verdict"] == "new"
    assert form.validate({"verdict": "old"}, {"locked": True, "verdict": "old"})["verdict"] == "old"
    assert form.validate({}, {"locked": True, "verdict": "old"})["verdict"] == "old"
    with pytest.raises(InvalidData, match="verdict: It can only be read here"):
        form.validate({"verdict": "new"}, {"locked": True, "verdict": "old"})
