"""Validation of data: types, rules, lists, and what comes out."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaintflow.errors import InvalidData
from complaintflow.formjs import Form, Option

REQUIRED = {"required": True}
CHANNELS = [{"label": "By phone", "value": "phone"}, {"label": "By mail", "value": "email"}, {"value": 3}]


def form_of(*components: dict[str, object], **root: object) -> Form:
    """A form with these components."""
    return Form.load(json.dumps({"type": "default", "id": "f", "components": components, **root}), "f.form")


def field(kind: str, key: str = "x", **more: object) -> dict[str, object]:
    """One component of a form."""
    return {"type": kind, "id": f"id_{key}", "key": key, **more}


def rows(path: str, *components: dict[str, object], **more: object) -> dict[str, object]:
    """A dynamic list."""
    return {"type": "dynamiclist", "id": f"id_{path}", "path": path, "components": list(components), **more}


def one(component: dict[str, object], value: object) -> object:
    """What a form with a single field makes of a value."""
    return form_of(component).validate({"x": value})["x"]


def problems(form: Form, data: Mapping[str, object], context: Mapping[str, object] | None = None) -> dict[str, str]:
    """The sentences by field."""
    with pytest.raises(InvalidData) as wrong:
        form.validate(data, context or {})
    return dict(wrong.value.problems)


@pytest.mark.parametrize(
    ("component", "value", "kept"),
    [
        (field("textfield"), " cold\nsoup\t", " cold soup "),
        (field("textfield"), 5550100, "5550100"),
        (field("textarea"), "line\nline", "line\nline"),
        (field("number"), 3, 3),
        (field("number"), 3.0, 3),
        (field("number"), "12.50", 12.5),
        (field("number"), " -.5e2 ", -50),
        (field("number"), Decimal("0.1234567890123456789012345678901"), Decimal("0.1234567890123456789012345678901")),
        (field("number", serializeToString=True), "12.50", "12.50"),
        (field("number", serializeToString=True), 7, "7"),
        (field("number"), "", None),
        (field("checkbox"), True, True),
        (field("select", values=CHANNELS), "phone", "phone"),
        (field("radio", values=CHANNELS), 3, 3),
        (field("checklist", values=CHANNELS), ["email", "phone"], ["email", "phone"]),
        (field("taglist", values=CHANNELS), ("email",), ["email"]),
        (field("datetime"), "2026-02-28", "2026-02-28"),
        (field("datetime"), dt.date(2026, 2, 28), "2026-02-28"),
        (field("datetime"), "", None),
        (field("datetime", subtype="time"), "14:05", "14:05"),
        (field("datetime", subtype="time", timeSerializingFormat="utc_offset"), "14:05+08:00", "14:05+08:00"),
        (field("datetime", subtype="time", timeSerializingFormat="utc_normalized"), "04:05+08:00", "20:05Z"),
        (field("datetime", subtype="datetime"), "2026-11-22T14:05", "2026-11-22T14:05"),
        (
            field("datetime", subtype="datetime", timeSerializingFormat="utc_normalized"),
            dt.datetime(2026, 11, 22, 4, 5, 6, tzinfo=dt.timezone(dt.timedelta(hours=8))),
            "2026-11-21T20:05:06Z",
        ),
        (field("filepicker"), {"name": "soup.jpg", "size": 3}, [{"name": "soup.jpg", "size": 3}]),
        (field("filepicker"), [{"metadata": {"fileName": "a.pdf"}}], [{"metadata": {"fileName": "a.pdf"}}]),
    ],
)
def test_good_values_are_cleaned(component: dict[str, object], value: object, kept: object) -> None:
    """Each type takes its values and keeps them in one form."""
    found = one(component, value)
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("component", "value", "sentence"),
    [
        (field("textfield"), True, "must be a text"),
        (field("textfield"), ["a"], "must be a text"),
        (field("textfield"), "a\x00b", "cannot be stored"),
        (field("textfield"), "\ud800", "cannot be stored"),
        (field("textarea"), "x" * 1_000_001, "longer than 1000000"),
        (field("number"), "1,5", "must be a number"),
        (field("number"), "1_000", "must be a number"),
        (field("number"), "３", "must be a number"),
        (field("number"), "0x1F", "must be a number"),
        (field("number"), "NaN", "must be a number"),
        (field("number"), float("inf"), "must be a number"),
        (field("number"), True, "must be a number"),
        (field("number"), 10**400, "must be a number"),
        (field("number"), "1e9999", "must be a number"),
        (field("number"), "1" * 35, "must be a number"),
        (field("checkbox"), "true", "true or false"),
        (field("checkbox"), 1, "true or false"),
        (field("select", values=CHANNELS), "letter", "must be one of: phone, email, 3"),
        (field("select", values=CHANNELS), "3", "must be one of"),
        (field("select", values=[{"value": 1}]), True, "must be one of"),
        (field("checklist", values=CHANNELS), "phone", "must be a list"),
        (field("checklist", values=CHANNELS), ["phone", "phone"], "one choice twice"),
        (field("checklist", values=CHANNELS), ["phone", "fax"], "must be some of"),
        (field("datetime"), "2026-02-30", "no such day"),
        (field("datetime"), "22.11.2026", "written like 2026-11-22"),
        (field("datetime"), "20261122", "written like"),
        (field("datetime"), "2026-W47-7", "written like"),
        (field("datetime"), 20261122, "written like"),
        (field("datetime", subtype="time"), "25:00", "no such day or time"),
        (field("datetime", subtype="datetime", timeSerializingFormat="utc_offset"), "2026-11-22T14:05", "its offset"),
        (
            field("datetime", subtype="datetime", timeSerializingFormat="utc_normalized"),
            "0001-01-01T00:00+14:00",
            "no such day",
        ),
        (field("filepicker"), "files::1", "describe each file"),
        (field("filepicker"), {"size": 3}, "needs a name"),
        (field("filepicker"), {"name": "../../etc/passwd"}, "needs a name"),
        (field("filepicker"), {"name": "a.pdf", "size": -1}, "number of bytes"),
        (field("filepicker"), {"name": "a.pdf", "note": "x" * 20_000}, "too long"),
        (field("filepicker"), [{"name": "a"}, {"name": "b"}], "must be one file"),
        (field("filepicker", accept=".pdf,image/*"), {"name": "a.exe"}, "must be of one of these kinds"),
        (field("textfield", validate={"minLength": 3}), " ab ", "at least 3 characters"),
        (field("textfield", validate={"maxLength": 1}), "😀", "at most 1 characters"),
        (field("textfield", validate={"pattern": "^[A-Z]+$"}), "a", "match the pattern"),
        (field("textfield", validate={"pattern": "^a", "patternErrorMessage": "Begin with a."}), "b", "Begin with a."),
        (field("textfield", validate={"pattern": "(?:a?){500}b"}), "a" * 900_000, "too long to be checked"),
        (field("textfield", validate={"validationType": "email"}), "zhao.min", "e-mail address"),
        (field("textfield", validate={"validationType": "email"}), "a@b\nc", "e-mail address"),
        (field("textfield", validate={"validationType": "email"}), "a@" + "b." * 200 + "cn", "e-mail address"),
        (field("textfield", validate={"validationType": "phone"}), "13800138000", "international phone number"),
        (field("number", validate={"min": 1}), 0, "at least 1"),
        (field("number", validate={"max": "10.5"}), 10.6, "at most 10.5"),
        (field("number", decimalDigits=0), 1.5, "whole number"),
        (field("number", decimalDigits=2), "1.005", "at most 2 digits"),
        (field("number", increment=0.05), -0.07, "such as -0.1 or -0.05"),
        (field("checkbox", validate=REQUIRED), False, "must be ticked"),
        (field("textarea", validate=REQUIRED), " \n", "is required"),
        (field("number", validate=REQUIRED), None, "is required"),
        (field("checklist", values=CHANNELS, validate=REQUIRED), [], "is required"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_bad_values_are_told_in_a_sentence(component: dict[str, object], value: object, sentence: str) -> None:
    """Each type and each rule has a sentence for the person who filled in the form."""
    assert sentence in problems(form_of(component), {"x": value})["x"]


@pytest.mark.parametrize(
    ("component", "value"),
    [
        (field("number", validate=REQUIRED), 0),
        (field("number", decimalDigits=2), 1.10),
        (field("number", increment="0.1"), 0.3),
        (field("textfield", validate={"minLength": 3, "pattern": "^x", "validationType": "email"}), ""),
        (field("textfield", validate={"maxLength": 2}), " ab "),
        (field("textfield", validate={"validationType": "email"}), "zhao.min+soup@example.com"),
        (field("textfield", validate={"validationType": "phone"}), "+8613800138000"),
        (field("filepicker", accept=".pdf, image/*"), {"name": "A.PDF"}),
        (field("filepicker", accept=".pdf, image/*"), {"name": "a", "type": "image/png"}),
        (field("filepicker", multiple="=true"), [{"name": "a"}, {"name": "b"}]),
    ],
)
def test_values_at_the_edge_are_let_in(component: dict[str, object], value: object) -> None:
    """Zero is a number, and rules about content leave an empty field alone, as in a browser."""
    assert form_of(component).validate({"x": value}) != {}


def test_nothing_entered_has_one_form_each() -> None:
    """What is neither sent nor known is empty the way a browser sends it."""
    kinds = ("textfield", "textarea", "number", "checkbox", "datetime", "filepicker")
    form = form_of(
        *(field(kind, kind) for kind in kinds),
        *(field(kind, kind, values=CHANNELS) for kind in ("select", "radio", "checklist", "taglist")),
        rows("list", field("textfield", "a")),
    )
    empty: dict[str, object] = {
        "textfield": "", "textarea": "", "number": None, "checkbox": False, "datetime": None, "filepicker": None,
        "select": None, "radio": None, "checklist": [], "taglist": [], "list": [],
    }  # fmt: skip
    assert form.validate({}) == empty
    assert form.validate(dict.fromkeys(empty)) == empty


def test_all_problems_come_at_once() -> None:
    """One error has every sentence, and reads as a paragraph."""
    form = form_of(field("textfield", "content", validate=REQUIRED), field("number", "amount"))
    with pytest.raises(InvalidData) as wrong:
        form.validate({"amount": "much", "contents": "cold"})
    assert [name for name, _ in wrong.value.problems] == ["contents", "content", "amount"]
    assert str(wrong.value) == (
        "the data do not fit the form f\n"
        "  contents: There is no such field in this form. Did you mean content?\n"
        "  content: It is required.\n"
        "  amount: It must be a number, written like 1234.5.\n"
        "  where: f.form\n"
        "  what to do: correct these fields and send the data again"
    )


def test_values_come_from_what_was_sent_then_the_case_then_the_default() -> None:
    """What was sent wins; else the case's variable stays; else the form's default is taken."""
    form = form_of(field("textfield", defaultValue="default", validate=REQUIRED), field("number", "n", defaultValue=1))
    assert form.validate({"x": "sent"}, {"x": "known", "n": 2}) == {"x": "sent", "n": 2}
    assert form.validate({}, {"x": "known"}) == {"x": "known", "n": 1}
    assert form.validate({}) == {"x": "default", "n": 1}
    assert problems(form, {"x": ""}, {"x": "known"}) == {"x": "It is required."}
    assert form.validate({}, {"x": ["odd"], "n": "odd"}, partial=True) == {}


def test_an_unusable_variable_counts_as_empty() -> None:
    """A variable that a field cannot show starts empty, as in a browser."""
    form = form_of(field("select", values=CHANNELS), field("taglist", "t", values=CHANNELS), field("number", "n"))
    assert form.validate({}, {"x": "fax", "t": ["fax", "phone"], "n": "many"}) == {"x": None, "t": ["phone"], "n": None}


GROUP: dict[str, object] = {
    "type": "group",
    "id": "g",
    "path": "reporter",
    "components": [field("textfield", "name", id="g1"), field("textfield", "contact.email", id="g2")],
}


def test_levels_are_objects() -> None:
    """Dotted keys and groups with a path are levels of the data; a group without path is none."""
    plain: dict[str, object] = {"type": "group", "id": "p", "components": [field("textfield", "place")]}
    form = form_of(GROUP, field("textfield", "reporter.phone"), plain)
    data = {"reporter": {"name": "Li Wei", "contact": {"email": "a@b.cn"}, "phone": "1"}, "place": "bar"}
    assert form.validate(data) == data
    assert problems(form, {"reporter.name": "x"})["reporter.name"].endswith(
        "Write levels as objects: reporter: {name: ...}."
    )
    assert problems(form, {"reporter": {"nmae": "x"}}) == {
        "reporter.nmae": "There is no such field under reporter. Did you mean reporter.name?"
    }
    assert problems(form, {"reporter": {"qqq": "x"}})["reporter.qqq"].endswith("There are: contact, name, phone.")
    assert problems(form, {"reporter": "Li Wei"}) == {"reporter": "It must be an object with contact, name, phone."}


def test_an_object_is_completed_from_the_case() -> None:
    """Correcting a phone number does not lose the name beside it, and the case's own data are not changed."""
    form = form_of(field("textfield", "reporter.phone"))
    context = {"reporter": {"name": "Zhao Min", "phone": "1"}}
    assert form.validate({"reporter": {"phone": "2"}}, context) == {"reporter": {"name": "Zhao Min", "phone": "2"}}
    assert context == {"reporter": {"name": "Zhao Min", "phone": "1"}}


def test_rows_of_a_list() -> None:
    """Rows are checked one by one, counted from 1 in the sentences."""
    form = form_of(rows("persons", field("textfield", "name", validate=REQUIRED), field("textfield", "role")))
    assert form.validate({"persons": [{"name": "a"}]}) == {"persons": [{"name": "a", "role": ""}]}
    assert form.validate({"persons": []}) == form.validate({}) == {"persons": []}
    assert form.validate({}, {"persons": [{"name": "a", "role": "b"}]}) == {"persons": [{"name": "a", "role": "b"}]}
    assert problems(form, {"persons": [{"name": "a"}, {"role": 1.5, "age": 3}, 7]}) == {
        "persons[2].age": "There is no such field under persons[2]. There are: name, role.",
        "persons[2].name": "It is required.",
        "persons[2].role": "It must be a text.",
        "persons[3]": "It must be an object with name, role.",
        "persons[3].name": "It is required.",
    }
    assert problems(form, {"persons": {"name": "a"}}) == {"persons": "It must be a list."}
    assert problems(form, {"persons": [{}] * 501}) == {"persons": "It must not have more than 500 rows."}


def test_rows_that_stay() -> None:
    """Where rows can be neither added nor removed, they keep their number and what the form does not show."""
    form = form_of(
        rows("measures", field("textfield", "what", readonly=True), field("checkbox", "done"), allowAddRemove=False)
    )
    context = {"measures": [{"id": 1, "what": "a"}, {"id": 2, "what": "b"}]}
    done = form.validate({"measures": [{"done": True}, {"what": "b"}]}, context)
    assert done == {"measures": [{"id": 1, "what": "a", "done": True}, {"id": 2, "what": "b", "done": False}]}
    assert problems(form, {"measures": [{"what": "b"}, {}]}, context) == {
        "measures[1].what": "It can only be read here; leave it out, or send it unchanged."
    }
    assert "must have 2 rows" in problems(form, {"measures": [{}]}, context)["measures"]
    assert form.validate({}) == {"measures": [{"what": "", "done": False}]}


def test_rows_that_come_and_go_may_repeat_what_is_read_only() -> None:
    """In a list with removable rows, a read-only value must be one that the case has in some row."""
    form = form_of(rows("measures", field("textfield", "what", readonly=True), field("checkbox", "done")))
    context = {"measures": [{"what": "a"}, {"what": "b"}]}
    assert form.validate({"measures": [{"what": "b", "done": True}]}, context)["measures"] == [
        {"what": "b", "done": True}
    ]
    assert "measures[1].what" in problems(form, {"measures": [{"what": "c"}]}, context)


def test_read_only_and_disabled_fields_keep_the_case() -> None:
    """What cannot be changed is not changed: the same value may be sent back, another is refused."""
    form = form_of(
        field("textfield", "r", readonly=True, validate=REQUIRED),
        field("textfield", "d", disabled=True, validate=REQUIRED),
    )
    context = {"r": "known", "d": "known"}
    assert form.validate({}, context) == {"r": "known"}
    assert form.validate({"r": "known", "d": "known"}, context) == {"r": "known"}
    assert set(problems(form, {"r": "other", "d": "other"}, context)) == {"r", "d"}
    assert problems(form, {}) == {"r": "It is required."}


def test_a_draft_is_only_checked_as_far_as_it_goes() -> None:
    """A partial check demands nothing, returns only what was sent, and still refuses what is wrong."""
    form = form_of(
        field("textfield", "a", validate=REQUIRED),
        field("number", "b", defaultValue=1),
        GROUP,
        rows("l", field("textfield", "c", validate=REQUIRED), field("textfield", "d")),
    )
    context = {"reporter": {"name": "Zhao Min"}}
    draft = {"b": 2, "reporter": {"name": "Li Wei"}, "l": [{"d": "x"}]}
    assert form.validate(draft, context, partial=True) == draft
    assert form.validate({}, context, partial=True) == {}
    with pytest.raises(InvalidData, match="b: It must be a number"):
        form.validate({"b": "x"}, partial=True)


def test_an_open_form_lets_more_in() -> None:
    """A form marked open keeps fields of its own callers, but only plain data and never the case's own names."""
    form = form_of(GROUP, properties={"open": True})
    found = form.validate({"more": [1, {"day": dt.date(2026, 11, 22)}], "reporter": {"age": 7}})
    assert found == {
        "more": [1, {"day": "2026-11-22"}],
        "reporter": {"name": "", "contact": {"email": ""}, "age": 7},
    }
    assert set(problems(form, {"policy": {}, "case": 1, "odd": object(), "reporter": 3})) == {
        "policy", "case", "odd", "reporter",
    }  # fmt: skip
    assert set(problems(form_of(GROUP), {"more": 1})) == {"more"}


def test_days_gone_by_can_be_refused() -> None:
    """``disallowPassedDates`` is checked against the day handed in, but not for a day that stands there already."""
    form = form_of(field("datetime", "x", subtype="date", disallowPassedDates=True))
    today = dt.date(2026, 11, 22)
    assert form.validate({"x": "2026-11-22"}, today=today) == {"x": "2026-11-22"}
    assert form.validate({"x": "2026-11-01"}) == {"x": "2026-11-01"}
    assert form.validate({"x": "2026-11-01"}, {"x": "2026-11-01"}, today=today) == {"x": "2026-11-01"}
    with pytest.raises(InvalidData, match="must not lie in the past"):
        form.validate({"x": "2026-11-21"}, today=today)


def test_questions_for_a_terminal() -> None:
    """A form describes what to ask now, in the reader's language, with the choices there are now."""
    form = form_of(
        field("checkbox", "anonymous", label="Stay anonymous?"),
        {**GROUP, "conditional": {"hide": "=anonymous"}},
        field("radio", "channel", values=CHANNELS, label="How?", validate=REQUIRED),
        field("select", "store", valuesKey="stores", description="Where it happened"),
        field("datetime", "at", subtype="datetime", timeSerializingFormat="utc_offset", dateLabel="When"),
        field("textfield", "number", readonly=True),
        rows("persons", field("textfield", "name", label="Name")),
    )
    words = {
        ("f/channel", "How?"): "方式",
        ("f/channel", "By phone"): "电话",
        ("f/anonymous", "Stay anonymous?"): "匿名？",
    }
    asked = form.describe("zh", words, {"anonymous": True, "persons": [{}]}, {"stores": ["north"]})
    assert [prompt.field for prompt in asked] == ["anonymous", "channel", "store", "at", "persons", "persons[1].name"]
    by_field = {prompt.field: prompt for prompt in asked}
    assert by_field["anonymous"].label == "匿名？"
    assert by_field["anonymous"].hint == "是或否"
    assert by_field["channel"].options == (Option("phone", "电话"), Option("email", "By mail"), Option(3, "3"))
    assert by_field["channel"].required
    assert by_field["store"].options == (Option("north", "north"),)
    assert by_field["store"].label == "store"
    assert by_field["store"].description == "Where it happened"
    assert by_field["at"].hint.endswith("2026-11-22T14:05+08:00")
    assert "reporter.name" in {prompt.field for prompt in form.describe()}


def test_what_is_no_object_is_refused() -> None:
    """Data that are not an object are refused as such."""
    with pytest.raises(InvalidData, match="must be an object"):
        form_of().validate(["x"])  # type: ignore[arg-type]


ANY = form_of(
    field("textfield", validate={"maxLength": 4}, conditional={"hide": "=n > 3"}),
    field("number", "n", validate={"max": 100}),
    field("taglist", "t", values=[1, "a"]),
    field("datetime", "d"),
    field("filepicker", "p", multiple=True),
    GROUP,
    rows("l", field("textfield", "name"), field("checkbox", "x", id="l2")),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "name", "l", "reporter", "q"]), inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["x", "reporter", "l", "n", "t", "d", "p", "q"]), JSON), st.booleans())
def test_any_json_is_cleaned_or_refused(data: dict[str, object], partial: bool) -> None:
    """Whatever a stranger sends, the answer is clean data that pass again unchanged, or InvalidData."""
    try:
        cleaned = ANY.validate(data, partial=partial)
    except InvalidData:
        return
    assert ANY.validate(json.loads(json.dumps(cleaned)), partial=partial) == cleaned


def test_a_day_and_a_moment_serve_each_other() -> None:
    """One payload serves forms that ask for a day and forms that ask for a moment under the same name."""
    day = form_of({"type": "datetime", "key": "day", "subtype": "date", "dateLabel": "Day"})
    moment = form_of({"type": "datetime", "key": "at", "subtype": "datetime", "timeSerializingFormat": "no_timezone"})
    assert day.validate({"day": "2026-11-22T10:00:00+08:00"}) == {"day": "2026-11-22"}
    assert day.validate({"day": dt.datetime(2026, 11, 22, tzinfo=dt.UTC)}) == {"day": "2026-11-22"}
    assert moment.validate({"at": "2026-11-22"}) == {"at": "2026-11-22T00:00"}
