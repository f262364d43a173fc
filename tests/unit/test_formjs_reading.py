"""Reading forms: what is taken, and what is refused with advice."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from complaintflow.errors import InvalidForm
from complaintflow.formjs import Form, Option
from complaintflow.formjs.problems import find_problems

SHIPPED = sorted((Path(__file__).resolve().parents[2] / "forms").glob("*/*.form"))


def form_of(*components: dict[str, object], **root: object) -> Form:
    """A form with these components."""
    return Form.load(json.dumps({"type": "default", "id": "f", "components": components, **root}), "f.form")


INTAKE = """{
  "type": "default", "id": "customer-intake", "schemaVersion": 20,
  "executionPlatform": "Camunda Cloud", "executionPlatformVersion": "8.9.0",
  "exporter": {"name": "Camunda Modeler", "version": "5.50.1"},
  "components": [
    {"type": "text", "id": "t", "text": "# Your complaint", "layout": {"row": "r1", "columns": null}},
    {"type": "select", "id": "c", "key": "channel", "label": "Channel", "validate": {"required": true},
     "values": [{"label": "By phone", "value": "phone"}, {"label": "By mail", "value": "email"}],
     "properties": {"clause": "RET-1.a"}},
    {"type": "group", "id": "g", "label": "About you", "path": "reporter", "properties": {"sealed": "identity"},
     "components": [
       {"type": "textfield", "id": "n", "key": "name", "label": "=if anonymous then \\"-\\" else \\"Name\\""},
       {"type": "textfield", "id": "e", "key": "email", "validate": {"validationType": "email"},
        "properties": {"clause": "RET-1.b"}}
     ]},
    {"type": "dynamiclist", "id": "l", "path": "persons", "isRepeating": true, "allowAddRemove": true,
     "components": [{"type": "textfield", "id": "pn", "key": "name"}]},
    {"type": "datetime", "id": "d", "key": "occurred_at", "subtype": "date", "dateLabel": "When"},
    {"type": "button", "id": "b", "label": "Send", "action": "submit"}
  ]
}"""


def test_fields_have_paths_labels_and_marks() -> None:
    """Fields come flat, with their place in the data, and with the marks of the groups around them."""
    form = Form.load(INTAKE, "customer-intake.form")
    fields = {field.path: field for field in form.fields}
    assert form.id == "customer-intake"
    assert list(fields) == ["channel", "reporter.name", "reporter.email", "persons[]", "persons[].name", "occurred_at"]
    assert fields["channel"].required
    assert fields["channel"].options == (Option("phone", "By phone"), Option("email", "By mail"))
    assert fields["channel"].properties == {"clause": "RET-1.a"}
    assert fields["reporter.email"].properties == {"sealed": "identity", "clause": "RET-1.b"}
    assert fields["reporter.name"].label == '=if anonymous then "-" else "Name"'
    assert fields["occurred_at"].label == "When"
    assert [component.type for component in form.components if not component.bound] == ["text", "group", "button"]
    assert not form.open


def component(**changes: object) -> dict[str, object]:
    """A text field with changes."""
    return {"type": "textfield", "id": "x", "key": "x", **changes}


@pytest.mark.parametrize(
    ("broken", "what", "advice"),
    [
        (component(type="textfeld"), "type 'textfeld'", "did you mean 'textfield'?"),
        (component(type="default"), "type 'default'", "use one of"),
        (component(type=None), "type 'None'", "use one of"),
        (component(key=""), "no key", "reporter.name"),
        (component(key="a..b"), "'a..b'", "dots between levels"),
        (component(key="0a"), "'0a'", "letters"),
        (component(key="a b"), "'a b'", "letters"),
        (component(key=3), "its key is 3", "letters"),
        (component(keyy="x"), "'keyy'", "did you mean 'key'?"),
        (component(validate={"requird": True}), "'requird'", "required"),
        (component(validate={"min": 3}), "'min'", "maxLength"),
        (component(validate={"required": "yes"}), "required is 'yes'", "tick"),
        (component(validate={"minLength": "three"}), "minLength is 'three'", "number"),
        (component(validate={"minLength": "=1 +"}), "=1 +", ""),
        (component(validate={"validationType": "iban"}), "'iban'", "email"),
        (component(validate={"pattern": "(?=a)"}), "look-ahead", "simpler"),
        (component(validate={"pattern": "("}), "not closed", "simpler"),
        (component(validate=[1]), "validation is not an object", "again"),
        (component(conditional={"hide": "anonymous"}), "not an expression", "="),
        (component(conditional={"hide": "=anonymous and"}), "is not FEEL", ""),
        (component(conditional={"show": "=true"}), "something else", "Hide if"),
        (component(disabled="=true"), "disabled is '=true'", "tick"),
        (component(properties=["a"]), "custom properties", "again"),
        (component(readonly="=("), "is not FEEL", ""),
        (component(key="case.number"), "can only be read", "read-only"),
        (component(key="policy"), "can only be read", "read-only"),
        (component(type="radio"), "come from nowhere", "one source"),
        (component(type="radio", values=[]), "no usable options", "label and a value"),
        (component(type="radio", values=[{"label": ""}]), "no usable options", "label and a value"),
        (component(type="radio", values=[], valuesKey="x"), "valuesKey and values", "one source"),
        (component(type="radio", valuesExpression="channels"), "valuesExpression", "begins with ="),
        (component(type="radio", valuesExpression="=["), "is not FEEL", ""),
        (component(type="number", decimalDigits=-1), "decimal digits", "from zero"),
        (component(type="number", validate={"max": "=1"}, serializeToString=1), "serializeToString", "tick"),
        (component(type="number", increment=-2), "increment", "above zero"),
        (component(type="datetime", subtype="year"), "'year'", "date, time, datetime"),
        (component(type="datetime", timeSerializingFormat="utc"), "'utc'", "utc_offset"),
        (component(type="expression"), "no expression", "begins with ="),
        (component(type="expression", expression="=1", validate={}), "'validate'", ""),
        (component(type="filepicker", multiple="=("), "is not FEEL", ""),
        ({"type": "dynamiclist", "id": "x", "components": []}, "no path", "path"),
        ({"type": "dynamiclist", "id": "x", "path": "a", "components": [], "defaultRepetitions": -1}, "-1 rows", "100"),
        ({"type": "group", "id": "x", "components": [1]}, "list of objects", "anew"),
        ({"type": "group", "id": "x", "components": [], "readonly": True}, "'readonly'", ""),
    ],
)  # fmt: skip
def test_a_broken_component_is_named(broken: dict[str, object], what: str, advice: str) -> None:
    """The error names the file and the component, and says what to change."""
    with pytest.raises(InvalidForm) as refused:
        form_of(broken)
    assert what in refused.value.what
    assert advice in refused.value.remedy
    assert refused.value.remedy
    assert refused.value.where == "f.form, component x"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "not form-js JSON"),
        ("[]", "not a form"),
        ('{"id": "f"}', "not a form"),
        ('{"type": "default", "components": []}', "no id"),
        ('{"type": "form", "id": "f", "components": []}', "instead of 'default'"),
        ('{"type": "default", "id": "f", "components": [], "schemaVersion": 21}', "schema version 21"),
        ('{"type": "default", "id": "f", "components": [], "schemaVersion": "x"}', "schema version 'x'"),
        ('{"type": "default", "id": "f", "components": [], "colour": 1}', "'colour'"),
        ('{"type": "default", "id": "f", "id": "g", "components": []}', "the same name twice"),
        ("[" * 100_000, "not form-js JSON"),
        (" " * 2_000_001, "longer than"),
    ],
)
def test_what_is_no_form_is_refused(text: str, what: str) -> None:
    """Files that are no forms, or too new, are refused with the reason."""
    with pytest.raises(InvalidForm) as refused:
        Form.load(text, "f.form")
    assert what in refused.value.what
    assert refused.value.where.startswith("f.form")


@pytest.mark.parametrize(
    "components",
    [
        [component(), component(id="y")],
        [component(key="a"), component(id="y", key="a.b")],
        [component(key="a.b"), component(id="y", key="a")],
        [component(key="a.b"), {"type": "group", "id": "g", "path": "a", "components": [component(id="y", key="b")]}],
        [
            {"type": "dynamiclist", "id": "l", "path": "a", "components": [component(key="b")]},
            component(id="y", key="a.c"),
        ],
    ],
)
def test_two_components_cannot_share_a_place(components: list[dict[str, object]]) -> None:
    """A key inside another's value, or used twice, is refused, as in form-js."""
    with pytest.raises(InvalidForm, match="claimed by two components"):
        form_of(*components)


def test_two_components_cannot_share_an_id() -> None:
    """Ids are unique within a form."""
    with pytest.raises(InvalidForm, match="two components have this id"):
        form_of(component(), component(key="y"))


def test_containers_are_not_nested_without_end() -> None:
    """A form nested hundreds of levels deep is refused instead of overflowing the stack."""
    inner: dict[str, object] = component()
    for level in range(300):
        inner = {"type": "group", "id": f"g{level}", "components": [inner]}
    with pytest.raises(InvalidForm, match="nested deeper"):
        form_of(inner)


def test_read_only_variables_can_be_shown() -> None:
    """A form may show the case's number in a field that cannot be changed."""
    form = form_of(component(key="case.number", readonly=True))
    assert form.validate({}, {"case": {"number": "2026-7"}}) == {}


def test_every_shipped_form_can_be_read() -> None:
    """All forms in the repository are read without complaint."""
    for file in sorted((Path(__file__).parents[2] / "forms").rglob("*.form")):
        Form.load(file.read_text(encoding="utf-8"), file.name)


# -- all problems at once ---------------------------------------------------------------------


def test_all_problems_of_a_form_are_told_at_once() -> None:
    """Each property of each component is looked at, however many others are refused, and in the order of the file."""
    broken = {
        "type": "default", "id": "f", "schemaVersion": 99, "colour": "red",
        "components": [
            {"type": "textfeld", "id": "a", "key": "a"},
            {"type": "number", "id": "b", "key": "b c", "wide": True, "increment": -2, "decimalDigits": -1,
             "validate": {"min": "x", "minLength": 3}},
            {"type": "group", "id": "g", "components": [
                {"type": "select", "id": "b", "key": "d"},
                {"type": "textfield", "id": "e", "key": "case", "conditional": {"hide": "x"}, "readonly": "no"},
            ]},
            {"type": "expression", "id": "h", "key": "h", "expression": "=1 +"},
        ],
    }  # fmt: skip
    found = [
        f"{error.where.removeprefix('f.form, component ')}: {error.what.splitlines()[0]}"
        for error in problems_of(broken)
    ]
    assert found == [
        "f: the form has schema version 99, and versions up to 20 are read",
        "f: the property 'colour' is not known here",
        "a: the component type 'textfeld' is not known",
        "b: the property 'wide' is not known here",
        "b: its increment is -2",
        "b: its decimal digits are -1",
        "b: min is 'x' and not a number",
        "b: a number has no validation 'minLength'",
        "b: its key is 'b c'",
        "b: its options come from nowhere",
        "b: two components have this id",
        "e: its condition 'x' is not an expression",
        "e: readonly is 'no' and not true or false",
        "e: it would write case, and case can only be read",
        "h: the expression =1 + is not FEEL: the expression does not parse: it ends too early",
    ]


def test_a_key_that_is_taken_twice_is_told_for_each() -> None:
    """Every component that claims another's place is named."""
    parts = [{"type": "textfield", "id": name, "key": "x"} for name in "abc"]
    found = problems_of({"type": "default", "id": "f", "components": parts})
    assert [error.where for error in found] == ["f.form, component b", "f.form, component c"]


@pytest.mark.parametrize("seed", range(60))
def test_a_form_has_problems_exactly_when_it_is_not_taken(seed: int) -> None:
    """Over shipped forms changed by lot: what `Form.load` refuses first is among the problems, and only then."""
    lot = random.Random(seed)
    file = lot.choice(SHIPPED)
    form = json.loads(file.read_text(encoding="utf-8"))
    places = [form, *_nested(form)]
    for place in lot.sample(places, k=min(lot.randrange(0, 4), len(places))):
        name = lot.choice([*place, "colour", "validate", "readonly", "increment", "path"])
        place[name] = lot.choice([None, 0, -1, "=", "=a b", "", [], {}, True, "x y", {"minLength": "x", "odd": 1}, 7.5])
    text = json.dumps(form)
    found = [(error.what, error.where) for error in find_problems(text, "f.form")]
    refused = None
    try:
        Form.load(text, "f.form")
    except InvalidForm as error:
        refused = (error.what, error.where)
    assert refused in found if refused else found == []


def _nested(form: dict[str, Any]) -> list[dict[str, Any]]:
    parts = [part for part in form.get("components", []) if isinstance(part, dict)]
    return [one for part in parts for one in (part, *_nested(part))]


def problems_of(form: dict[str, Any]) -> list[InvalidForm]:
    return find_problems(json.dumps(form), "f.form")
