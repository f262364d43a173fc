"""policy.toml: what it holds, how layers lie upon each other, and what a designer reads when something is wrong."""

from __future__ import annotations

import pickle
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from complaintflow.errors import InvalidPolicy
from complaintflow.policy.policy import Entry, Policy
from complaintflow.time.calendar import Interval, WorkingCalendar

HEAD = '[policy]\nid = "customer"\ntitle = "Customer complaints"\n'
REPLY = '[deadlines.reply]\nwithin = "3 working days"\nclause = "RET-3.b"\nfrom = "document"\n'
FROM = 'clause = "RET-1"\nfrom = "document"\n'

FULL = """
[policy]
id = "customer"
title = "Customer complaints"
source = "document 003, part 5"
zone = "Asia/Shanghai"
country = "CN"
weekend = ["sun"]
extra_days_off = [2027-02-11]
confirmed_years = [2027]

[policy.hours]
mon-fri = ["09:00", "12:00", "13:00", "18:00"]

[deadlines.department_reply]
within = "3 working days"
clause = "RET-3.b"
from = "document"
inside = "answer"
pauses_in = ["ask-complainant"]

[deadlines.answer]
within = "15 days"
clause = ["RET-3.c", "RET-3.d"]
from = "default"
why = "the document names no number"
label = { en = "Answer", zh = "答复" }
ends = "exact"
roll = false

[repeats.progress]
every = "7 days"
times = 4
clause = "RET-4.a"
from = "document"

[repeats.survey]
every = "1 year"
clause = "RET-4.b"
from = "document"

[roles.store_manager]
group = "store-manager"
clause = "RET-1.a"
from = "document"

[bounds.negotiation_rounds]
value = 3
clause = "RET-5.a"
from = "default"
why = "three rounds end most disputes"

[amounts.voucher]
value = "500.10"
currency = "CNY"
clause = "RET-5.b"
from = "document"

[texts.hotline]
value = "555-0100"
clause = "RET-1.b"
from = "document"

[lists.channels]
value = ["phone", "email"]
clause = "RET-1.c"
from = "document"

[retention.case]
keep = "3 years"
clause = "RET-7.a"
from = "document"

[switches.anonymous]
value = true
clause = "RET-1.d"
from = "document"
"""


def refused(*texts: str) -> InvalidPolicy:
    """The error that the layers raise; layer i is the file "i/policy.toml"."""
    with pytest.raises(InvalidPolicy) as caught:
        Policy.merge([(text, f"{number}/policy.toml") for number, text in enumerate(texts)])
    return caught.value


# -- what it holds


def test_every_section_is_typed() -> None:
    """Each section reads into its own class with Python values."""
    policy = Policy.load(FULL)
    answer = policy.deadline("answer")
    assert (answer.interval, answer.ends, answer.roll) == (Interval(15, "day"), "exact", False)
    assert answer.clause == ("RET-3.c", "RET-3.d")
    assert answer.label == {"en": "Answer", "zh": "答复"}
    reply = policy.deadline("department_reply")
    assert (reply.ends, reply.roll, reply.pauses_in, reply.inside) == (None, None, ("ask-complainant",), "answer")
    assert (policy.repeat("progress").interval, policy.repeat("progress").times) == (Interval(7, "day"), 4)
    assert policy.repeat("survey").times is None
    assert policy.roles["store_manager"].group == "store-manager"
    assert policy.bounds["negotiation_rounds"].value == 3
    assert (policy.amounts["voucher"].value, policy.amounts["voucher"].currency) == (Decimal("500.10"), "CNY")
    assert policy.texts["hotline"].value == "555-0100"
    assert policy.lists["channels"].value == ("phone", "email")
    assert policy.retention["case"].interval == Interval(3, "year")
    assert policy.switches["anonymous"].value is True
    assert policy.entry("roles", "store_manager") is policy.roles["store_manager"]


def test_a_deadline_of_the_policy_is_counted_on_its_calendar() -> None:
    """What case code does: the policy's calendar, the policy's deadline, one due date."""
    policy = Policy.load(FULL)
    calendar = WorkingCalendar(**policy.calendar_options())
    deadline = policy.deadline("department_reply")
    received = datetime(2026, 9, 28, 2, 17, tzinfo=UTC)
    due = calendar.due(received, deadline.interval, ends=deadline.ends, roll=deadline.roll)
    assert due.day == date(2026, 10, 8)
    assert due.at == datetime(2026, 10, 8, 10, tzinfo=UTC)  # 18:00 in Shanghai


def test_feel_sees_plain_values() -> None:
    """Expressions read `policy.roles.x` and the like as plain values; deadlines are not among them."""
    assert Policy.load(FULL).as_context() == {
        "roles": {"store_manager": "store-manager"},
        "bounds": {"negotiation_rounds": 3},
        "amounts": {"voucher": Decimal("500.10")},
        "texts": {"hotline": "555-0100"},
        "lists": {"channels": ["phone", "email"]},
        "retention": {"case": "3 years"},
        "switches": {"anonymous": True},
        "openings": {},
    }


def test_what_one_caller_does_to_the_context_no_other_sees() -> None:
    """Each call gives a context of its own, so no expression can change the policy."""
    policy = Policy.load(FULL)
    policy.as_context()["bounds"]["negotiation_rounds"] = 99
    assert policy.as_context()["bounds"] == {"negotiation_rounds": 3}


def test_calendar_options_are_what_the_file_states() -> None:
    """Only stated keys are passed on, and "none" is the calendar without a country."""
    assert Policy.load(HEAD).calendar_options() == {}
    assert Policy.load(HEAD + 'country = "none"\n').calendar_options() == {"country": None}
    assert Policy.load(HEAD + "weekend = []\n").calendar_options() == {"weekend": ()}
    assert Policy.load(FULL).calendar_options() == {
        "country": "CN",
        "zone": "Asia/Shanghai",
        "hours": {"mon-fri": ("09:00", "12:00", "13:00", "18:00")},
        "weekend": ("sun",),
        "extra_days_off": (date(2027, 2, 11),),
        "confirmed_years": (2027,),
    }


def test_defaults_are_listed_with_their_place() -> None:
    """`check` can show what is still our default: clause, reason, file and line."""
    policy = Policy.load(FULL, "customer/policy.toml")
    assert [(entry.section, entry.name) for entry in policy.defaults()] == [
        ("deadlines", "answer"),
        ("bounds", "negotiation_rounds"),
    ]
    line = FULL.splitlines().index('within = "15 days"') + 1
    assert policy.defaults()[0] == Entry(
        "deadlines",
        "answer",
        "15 days",
        "within",
        "15 days",
        ("RET-3.c", "RET-3.d"),
        "default",
        "the document names no number",
        {"en": "Answer", "zh": "答复"},
        "customer/policy.toml",
        line,
    )
    assert [entry.value for entry in policy.entries()] == [
        "3 working days", "15 days", "7 days", "1 year", "store-manager", "3", "500.10", "555-0100", "phone, email",
        "3 years", "True",
    ]  # fmt: skip


def test_a_missing_name_is_answered_with_the_nearest() -> None:
    """A wrong name says which one may have been meant."""
    policy = Policy.load(FULL)
    with pytest.raises(InvalidPolicy, match='no entry "departement_reply" in deadlines') as caught:
        policy.deadline("departement_reply")
    assert 'did you mean "department_reply"?' in caught.value.remedy
    with pytest.raises(InvalidPolicy, match='no entry "store" in roles') as caught:
        policy.entry("roles", "store")
    assert "store_manager" in caught.value.remedy
    with pytest.raises(InvalidPolicy) as caught:
        policy.repeat("weekly")
    assert "allowed: progress, survey" in caught.value.remedy
    with pytest.raises(InvalidPolicy, match='no section "role"'):
        policy.entry("role", "store_manager")


def test_a_policy_can_be_stored_and_compared() -> None:
    """Policies are plain values: equal when their contents are, wherever they came from."""
    policy = Policy.load(FULL, "a.toml")
    assert policy == Policy.load("# a remark\n" + FULL, "b.toml")
    assert policy != Policy.load(FULL.replace("15 days", "16 days"))
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_pydantic_is_imported_when_something_is_wrong() -> None:
    """A file that is plainly right costs no import of pydantic; what is wrong with another is pydantic's to say."""
    script = (
        "import sys; from complaintflow.policy.policy import Policy, InvalidPolicy\n"
        f"Policy.load({HEAD!r}); print('pydantic' in sys.modules)\n"
        f"try: Policy.load({HEAD!r} + 'zone = 3')\n"
        "except InvalidPolicy: print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


# -- layers


def test_a_layer_replaces_one_key_of_one_entry() -> None:
    """An organisation changes one number, and everything else stays as shipped."""
    layer = '[deadlines.answer]\nwithin = "10 days"\n'
    policy = Policy.merge([(FULL, "shipped.toml"), (layer, "acme.toml")])
    assert policy.deadline("answer").interval == Interval(10, "day")
    assert policy.deadline("answer").ends == "exact"
    shipped = Policy.load(FULL)
    assert policy.deadline("department_reply") == shipped.deadline("department_reply")
    assert (policy.roles, policy.head) == (shipped.roles, shipped.head)


def test_a_layer_adds_entries_and_changes_the_calendar() -> None:
    """A layer may bring entries of its own and another zone; the last layer wins."""
    first = '[policy]\nid = "customer"\nzone = "Europe/Berlin"\ncountry = "DE"\n[bounds.calls]\nvalue = 2\n' + FROM
    second = '[policy]\ncountry = "AT"\n'
    policy = Policy.merge([(FULL, "0"), (first, "1"), (second, "2")])
    assert (policy.head.zone, policy.head.country, policy.head.title) == ("Europe/Berlin", "AT", "Customer complaints")
    assert policy.bounds["calls"].value == 2


def test_a_value_the_organisation_set_is_no_default_any_more() -> None:
    """Replacing a value settles it; replacing only a label does not; a layer may still call its own a default."""
    label = '[deadlines.answer]\nlabel = { en = "Our answer" }\n'
    value = '[deadlines.answer]\nwithin = "15 days"\n'
    still = value + 'from = "default"\nwhy = "to be decided"\n'
    over = [Policy.merge([(FULL, "shipped.toml"), (layer, "acme.toml")]) for layer in (label, value, still)]
    names = [[entry.name for entry in policy.defaults()] for policy in over]
    assert names == [["answer", "negotiation_rounds"], ["negotiation_rounds"], ["answer", "negotiation_rounds"]]
    (entry,) = (entry for entry in over[1].entries() if entry.name == "answer")
    assert (entry.origin, entry.file, entry.line) == ("organisation", "acme.toml", 2)


def test_a_mistake_is_blamed_on_the_layer_that_made_it() -> None:
    """The error names the file and line of the layer, not of the shipped file."""
    error = refused(HEAD + REPLY, '# ours\n[deadlines.reply]\nwithin = "5 workdays"\n')
    assert error.where == "1/policy.toml, line 3: deadlines.reply.within"
    assert "5 workdays" in error.what
    assert "working days" in error.remedy


def test_an_override_of_a_misspelt_entry_is_found_out() -> None:
    """An entry that only the layer has, and that is not complete, was meant for another."""
    error = refused(HEAD + REPLY, '[deadlines.repyl]\nwithin = "5 days"\nfrom = "document"\n')
    assert error.where.startswith("1/policy.toml, line 1: deadlines.repyl")
    assert 'did you mean the entry "reply"?' in error.remedy


def test_a_layer_of_another_policy_is_refused() -> None:
    """A layer lies only over the policy it names."""
    error = refused(HEAD, HEAD.replace("customer", "grievance"))
    assert 'for policy "grievance"' in error.what
    assert error.where == "1/policy.toml, line 2: policy.id"


def test_no_layer_is_no_policy() -> None:
    """Merging nothing is an error, not an empty policy."""
    assert refused().what == "no policy was given"


# -- mistakes


@pytest.mark.parametrize(
    ("text", "what", "where", "advice"),
    [
        ("id = ", "not TOML", "0/policy.toml", "correct that line"),
        ("[policy]\nid = customer\n", "not TOML", "0/policy.toml, line 2", "correct that line"),
        ("", "[policy] table is missing", "0/policy.toml", "begin with [policy]"),
        ("[policy]\nid = 'x'\n", '"title" is missing', "line 1: policy.title", "add title = a text"),
        (HEAD + "zon = 'UTC'\n", 'unknown key "zon"', "line 4: policy.zon", 'did you mean "zone"?'),
        (HEAD + "zone = 'Asia/Atlantis'\n", "no time zone", "line 1: policy", "Asia/Shanghai"),
        (HEAD + "country = 'China'\n", "no country code", "line 1: policy", "ISO 3166"),
        (HEAD + "hours.mon-fri = ['9', '18']\n", "not a time of day", "policy", "09:00"),
        (HEAD + "extra_days_off = ['soon']\n", "not allowed", "line 4: policy.extra_days_off.0", "a list of dates"),
        (HEAD + "[deadline.x]\n", 'no section "deadline"', "line 4: deadline", 'did you mean "deadlines"?'),
        (HEAD + "[deadlines]\nx = 3\n", "a table was expected", "line 5: deadlines.x", "[deadlines.x]"),
        ("deadlines = 3\n" + HEAD, "a table was expected", "line 1: deadlines", "[deadlines]"),
        (HEAD + "[deadlines.my-reply]\n", '"my-reply" cannot be', "line 4: deadlines.my-reply", "underscores"),
        (HEAD + REPLY + "wihtin = 1\n", 'unknown key "wihtin"', "line 8: deadlines.reply.wihtin", '"within"?'),
        (HEAD + REPLY.replace("3 working days", "three days"), "is not an interval", "line 5", "3 working days"),
        (HEAD + REPLY.replace('"3 working days"', "3"), "is not an interval", "line 5", "3 working days"),
        (HEAD + REPLY.replace("3 working", "999999"), "out of range", "line 5", "an interval"),
        (HEAD + REPLY.replace("document", "paper"), '"paper" is not allowed', "line 7", '"document" or "default"'),
        (HEAD + REPLY.replace("document", "default"), "needs a why", "line 4: deadlines.reply", "add why"),
        (HEAD + REPLY.replace('"RET-3.b"', '""'), "names no clause", "line 6", "a clause id"),
        (HEAD + REPLY.replace('"RET-3.b"', "[]"), "names no clause", "line 6", "a clause id"),
        (HEAD + REPLY.replace('clause = "RET-3.b"\n', ""), '"clause" is missing', "line 4", "add clause"),
        (HEAD + REPLY + "ends = 'noon'\n", "not allowed", "line 8: deadlines.reply.ends", '"close of day" or "exact"'),
        (HEAD + REPLY + "roll = 1\n", "not allowed", "line 8: deadlines.reply.roll", "true or false"),
        (HEAD + REPLY + "pauses_in = 'ask'\n", "not allowed", "deadlines.reply.pauses_in", "a list of element ids"),
        (HEAD + REPLY + "label = { fr = 'x' }\n", "not allowed", "deadlines.reply.label", "en ="),
        (HEAD + REPLY + "inside = 'repyl'\n", "no deadline of this policy", "line 8: deadlines.reply.inside", "none"),
        (HEAD + REPLY + "inside = 'reply'\n", "reply inside reply", "line 8", "outermost"),
        (HEAD + "[repeats.r]\nevery = '7 days'\ntimes = 0\n" + FROM, "1 or more", "line 6: repeats.r.times", "1 or"),
        (HEAD + "[bounds.b]\nvalue = -1\n" + FROM, "0 or more", "line 5: bounds.b.value", "a whole number"),
        (HEAD + "[bounds.b]\nvalue = true\n" + FROM, "0 or more", "bounds.b.value", "a whole number"),
        (HEAD + "[bounds.b]\nvalue = '3'\n" + FROM, "0 or more", "bounds.b.value", "a whole number"),
        (HEAD + "[amounts.a]\nvalue = 'much'\n" + FROM, '"much" is not allowed', "amounts.a.value", "500.00"),
        (HEAD + "[texts.t]\nvalue = 3\n" + FROM, "not allowed", "texts.t.value", "a text in quotes"),
        (HEAD + "[lists.l]\nvalue = 'x'\n" + FROM, "not allowed", "lists.l.value", "a list of texts"),
        (HEAD + "[switches.s]\nvalue = 'yes'\n" + FROM, "not allowed", "switches.s.value", "true or false"),
        (HEAD + "[roles.r]\ngroup = 3\n" + FROM, "not allowed", "roles.r.group", "the name of a group"),
        (HEAD + "[roles.r]\ngroup = ''\n" + FROM, "it is empty", "line 5: roles.r.group", "the name of a group"),
        (HEAD + "[roles.r]\ngroup = ' '\n" + FROM, "it is empty", "line 5: roles.r.group", "the name of a group"),
        ("[policy]\nid = 'x'\ntitle = ''\n", "it is empty", "line 3: policy.title", "a text"),
        ("value = 4\n" + HEAD, "under no heading", "line 1: value", "[bounds.NAME], or uncomment the line in brackets"),
        ("zone = 'UTC'\n" + HEAD, "under no heading", "line 1: zone", "[policy], or uncomment"),
        (HEAD + "value = 4\n", "not under its own heading", "line 4: policy.value", "[bounds.NAME], or uncomment"),
        (HEAD + "[bounds.b]\nvalue = 4\nvalue = 5\n", "not TOML", "line 6", "line in brackets above the second"),
        (HEAD + "[retention.r]\nkeep = 'long'\n" + FROM, "is not an interval", "retention.r.keep", "3 years"),
    ],
)
def test_each_mistake_says_what_where_and_what_is_allowed(text: str, what: str, where: str, advice: str) -> None:
    """Every mistake is refused with a sentence, its file, line, entry and key, and what may stand there."""
    error = refused(text)
    assert what in error.what
    assert where in error.where
    assert advice in error.remedy


def test_all_problems_are_told_at_once() -> None:
    """A designer sees every problem of a file in one run, each with its line."""
    error = refused(HEAD + REPLY + "ends = 'noon'\nroll = 1\n[bounds.b]\nvalue = -1\n" + FROM)
    assert "3 problems" in error.what
    for place in ("line 8: deadlines.reply.ends", "line 9: deadlines.reply.roll", "line 11: bounds.b.value"):
        assert place in error.what


def test_deadlines_inside_one_another_in_a_ring_are_refused() -> None:
    """Of three deadlines each inside the next, none would be the promise around the others."""
    ring = "".join(
        f'[deadlines.{name}]\nwithin = "1 day"\ninside = "{around}"\n{FROM}' for name, around in ("ab", "bc", "ca")
    )
    assert "a inside b inside c inside a" in refused(HEAD + ring).what
