"""Notices: templates, what they may do, how they look, and by which way people are told."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date

from complaintflow.errors import InvalidNotice, NoticeError
from complaintflow.notices.notices import (
    CHANNELS,
    COLLECTION,
    Choice,
    KeepingNotifier,
    Notice,
    NoticeSet,
    Notifier,
    Recipient,
    Rendered,
    Template,
    choose_channel,
    sheet,
    to_html,
)

ZONE = ZoneInfo("Asia/Shanghai")
VALUES: Mapping[str, object] = {
    "reporter": {"name": "Zhao Min", "items": "three", "email": None, "phone": ""},
    "received": "2026-11-22T16:30:00Z",
    "due": dt.datetime(2026, 11, 30, 16, 0, tzinfo=dt.UTC),
    "day": "2026-11-22",
    "amount": "1234.5",
    "measures": [{"what": "new recipe", "owner": "kitchen"}, {"what": "training", "owner": "service"}],
    "justified": True,
}


def render(body: str, values: Mapping[str, object] = VALUES, file: str = "notices/reply.en.j2") -> Rendered:
    """The notice with that body."""
    return Template.load(f"Subject: Reply\n\n{body}\n", file).render(values, zone=ZONE)


def text(body: str, values: Mapping[str, object] = VALUES, file: str = "notices/reply.en.j2") -> str:
    """The text of the notice with that body, without the last line break."""
    return render(body, values, file).text.rstrip("\n")


def test_a_template_yields_subject_text_and_html() -> None:
    """A subject line, an empty line and paragraphs become a mail in text and HTML."""
    template = Template.load(
        "Subject: Your complaint of {{ day | date }}\n\nDear {{ reporter.name }},\n\nwe will:\n"
        "{% for measure in measures %}\n- {{ measure.what }}\n{% endfor %}\n\nGoodbye\nThe desk\n",
        "notices/reply.en.j2",
    )
    rendered = template.render(VALUES, zone=ZONE)
    assert rendered.subject == "Your complaint of November 22, 2026"
    assert rendered.text == "Dear Zhao Min,\n\nwe will:\n- new recipe\n- training\n\nGoodbye\nThe desk\n"
    assert "<ul" in rendered.html
    assert "<li>new recipe</li><li>training</li>" in rendered.html
    assert ">Goodbye<br>The desk</p>" in rendered.html
    assert '<html lang="en">' in rendered.html
    assert {"day", "reporter", "measures"} <= template.names


@pytest.mark.parametrize(
    ("body", "english", "chinese"),
    [
        ("{{ day | date }}", "November 22, 2026", "2026年11月22日"),
        ("{{ received | date }}", "November 23, 2026", "2026年11月23日"),
        ("{{ received | datetime }}", "November 23, 2026, 00:30", "2026年11月23日 00:30"),
        ("{{ due | last_day }}", "November 30, 2026", "2026年11月30日"),
        ("{{ due | datetime }}", "November 30, 2026, 24:00", "2026年11月30日 24:00"),
        ("{{ '2026-11-22T09:00' | datetime }}", "November 22, 2026, 09:00", "2026年11月22日 09:00"),
        ("{{ amount | money }}", "CN¥1,234.50", "¥1,234.50"),
        ("{{ amount | money('USD') }}", "$1,234.50", "US$1,234.50"),
        ("{{ amount | number }}", "1,234.5", "1,234.5"),
        ("{{ measures | join(attribute='owner') }}", "kitchen, service", "kitchen、service"),
    ],
)
def test_values_are_written_in_the_readers_language(body: str, english: str, chinese: str) -> None:
    """Days, times, money and lists are written in the template's language and the organisation's zone."""
    assert text(body) == english
    assert text(body, file="notices/reply.zh.j2") == chinese


@pytest.mark.parametrize("language", ["en", "zh"])
def test_days_are_written_as_babel_would(language: str) -> None:
    """The two languages of the policies are written without babel, to the same letters."""
    template = Template.load("Subject: x\n\n{{ day | date }}\n", language=language)
    for number in range(0, 800, 3):
        day = dt.date(2026, 1, 1) + dt.timedelta(number)
        assert template.render({"day": day}, zone=ZONE).text.strip() == format_date(day, "long", locale=language)


def test_a_deadline_at_midnight_names_the_day_before() -> None:
    """What is due at 24:00 on the 30th is announced for the 30th, not for the next day."""
    assert text("{{ due | date }} / {{ due | last_day }}") == "December 1, 2026 / November 30, 2026"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("{{ nothing }}", "nothing"),
        ("{{ reporter.surname }}", "reporter.surname"),
        ("{{ reporter.email }}", "reporter.email"),
        ("{{ reporter.address.street }}", "reporter.address.street"),
        ("{{ measures[5].what }}", "measures[5].what"),
        ("{{ reporter.birthday | date }}", "reporter.birthday"),
        ("{{ reporter.email | upper }}", "reporter.email"),
        ("{% if reporter.surname %}x{% endif %}", "reporter.surname"),
        ("{% if nothing == 3 %}x{% endif %}", "nothing"),
        ("{% for item in reporter.orders %}x{% endfor %}", "reporter.orders"),
    ],
)
def test_a_missing_variable_is_named(body: str, named: str) -> None:
    """No letter says "Dear None": a missing or null variable is an error with the file and the variable."""
    with pytest.raises(NoticeError) as missing:
        text(body)
    assert missing.value.where == f"notices/reply.en.j2, {named}"
    assert f"'{named}'" in missing.value.what


def test_default_stands_in_for_missing_null_and_empty() -> None:
    """``default`` fills in for what is missing, null or empty, and for a part of something missing."""
    assert text("{{ nothing | default('a') }}{{ reporter.email | default('b') }}{{ reporter.phone | d('c') }}") == "abc"
    assert text("{{ nothing.at.all | default('a') | upper }} {{ reporter.name | default('b') }}") == "A Zhao Min"
    assert text("{% if nothing is defined %}a{% else %}b{% endif %}{% if reporter.email %}c{% endif %}.") == "b."


def test_an_entry_is_never_a_method() -> None:
    """A dot reads an entry of the data, even if Python has a method of that name."""
    assert text("{{ reporter.items }}") == "three"
    with pytest.raises(NoticeError, match=r"reporter\.keys"):
        text("{{ reporter.keys }}")
    with pytest.raises(NoticeError, match="__class__"):
        text("{{ reporter.__class__ }}")


@pytest.mark.parametrize(
    "body",
    [
        "{{ ''.__class__.__mro__ }}{{ ''.join(measures) }}",
        "{{ reporter.name.upper() }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 2 ** 100000 }}",
        "{% set a = 1 %}",
        "{% macro a() %}{% endmacro %}",
        "{% extends 'reply' %}",
        "{% import '/etc/passwd' as a %}",
        "{% include '/etc/passwd' %}",
        "{% include reporter.name %}",
        "{% block a %}{% endblock %}",
        "{% filter upper %}{% endfilter %}",
        "{{ self }}",
        "{{ _work }}",
        "{{ x | format }}",
        "{{ x | attr('y') }}",
        "{{ x | safe }}",
        "{{ x is odd_looking }}",
        "{% for a in measures recursive %}{{ loop(a) }}{% endfor %}",
        "{{ x",
        "{% if x %}",
    ],
)
def test_what_is_not_needed_is_refused_when_loaded(body: str) -> None:
    """Templates cannot call methods, compute, import or reach into the library; the error has file and line."""
    with pytest.raises(InvalidNotice) as refused:
        Template.load(f"Subject: Reply\n\nfirst line\n{body}\n", "notices/reply.en.j2")
    assert refused.value.where.startswith("notices/reply.en.j2, line ")
    assert refused.value.remedy


def test_errors_count_lines_as_the_file_does() -> None:
    """The line in an error is the one that an editor shows."""
    with pytest.raises(InvalidNotice) as refused:
        Template.load("Subject: Reply\n\none\ntwo\n{{ x | nope }}\n", "reply.en.j2")
    assert refused.value.where == "reply.en.j2, line 5"
    assert "last_day" in refused.value.remedy


def test_functions_come_only_from_the_engine() -> None:
    """A function among the variables can be called; data cannot, and there are no built-in functions."""
    due = {"deadline": lambda name: dt.date(2026, 12, len(name))}
    assert text("{{ deadline('reply') | date }}", due) == "December 5, 2026"
    for body in ("{{ reporter('x') }}", "{{ range(3) }}", "{{ lipsum() }}"):
        with pytest.raises(NoticeError):
            text(body)


def test_work_is_bounded() -> None:
    """Loops within loops and endless output end in an error, not in a busy machine."""
    many = {"many": list(range(300)), "long": "x" * 10_000}
    with pytest.raises(NoticeError, match="10000 turns"):
        text("{% for a in many %}{% for b in many %}.{% endfor %}{% endfor %}", many)
    with pytest.raises(NoticeError, match="200000 characters"):
        text("{% for a in many %}{{ long }}{% endfor %}", many)


@pytest.mark.parametrize("body", ["{{ measures }}", "{{ reporter }}", "{{ justified }}", "{{ due }}"])
def test_only_words_are_printed(body: str) -> None:
    """A list, an object, a truth value or a raw moment in a letter is a mistake, and says so."""
    with pytest.raises(NoticeError, match="cannot be printed"):
        text(body)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("{{ reporter.name | date }}", "not a date"),
        ("{{ measures | date }}", "not a date"),
        ("{{ reporter.name | money }}", "not a number"),
        ("{{ measures | join }}", "cannot be joined"),
        ("{{ reporter.name | join }}", "only a list"),
        ("{{ reporter.name | items }}", "only an object"),
        ("{% for letter in reporter.name %}x{% endfor %}", "no list"),
        ("{% if amount > 3 %}x{% endif %}", "could not be rendered"),
        ("{% if false %}x{% endif %}", "no subject or no text"),
    ],
)
def test_values_of_the_wrong_kind_are_errors(body: str, what: str) -> None:
    """A filter or a loop on the wrong kind of value is a NoticeError with the file."""
    with pytest.raises(NoticeError, match=what) as wrong:
        text(body)
    assert wrong.value.where.startswith("notices/reply.en.j2")


def test_numbers_are_printed_plainly() -> None:
    """Numbers are printed without exponents and trailing zeros."""
    assert text("{{ a }} {{ b }} {{ c }}", {"a": 3.0, "b": 0.00001, "c": 10**20}) == "3 0.00001 100000000000000000000"


def test_a_subject_cannot_add_headers() -> None:
    """Line breaks, control and direction characters in a value never leave the subject line."""
    template = Template.load("Subject: About {{ topic }}\n\ntext\n")
    subject = template.render({"topic": "soup\r\nBcc: all@example.org\x00\u2028\u202eend"}, zone=ZONE).subject
    assert subject == "About soup Bcc: all@example.org end"
    assert len(template.render({"topic": "x" * 999}, zone=ZONE).subject) == 200


def test_what_people_write_never_becomes_markup() -> None:
    """HTML in a value, and in the template, is shown and not obeyed; the text stays as it was written."""
    rendered = render("I & we: {{ x }}", {"x": "<script>alert('1')</script>"})
    assert "<script>" in rendered.text
    assert "I &amp; we: &lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;" in rendered.html
    assert "<script" not in rendered.html


def test_html_has_paragraphs_and_lists() -> None:
    """Lines that begin with a dash or a number become lists; other line breaks stay."""
    page = to_html("s", "Two things:\n- one\n- two\n\n1. first\n2、second\nend\n", "zh")
    assert "<p" in page
    assert ">Two things:</p>" in page
    assert "<li>one</li><li>two</li></ul>" in page
    assert "<li>first</li><li>second</li></ol>" in page
    assert ">end</p>" in page


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("Dear all\n\ntext\n", "Subject"),
        ("Subject:\n\ntext\n", "Subject"),
        ("Subject: a\ntext\n", "empty line"),
        ("Subject: a\n\n\n", "empty line"),
        ("", "Subject"),
    ],
)
def test_a_template_has_subject_and_text(source: str, what: str) -> None:
    """A file without subject line, empty line or text is refused with what to write."""
    with pytest.raises(InvalidNotice, match=what) as refused:
        Template.load(source)
    assert "Subject: ..." in refused.value.remedy


FILES = {
    "notices/acknowledgement.en.j2": 'Subject: Received\n\nWe got it.\n\n{% include "_signature" %}\n',
    "notices/acknowledgement.zh.j2": 'Subject: 已收到\n\n我们已收到。\n\n{% include "_signature" %}\n',
    "notices/closing.en.j2": "Subject: Closed\n\nIt is {{ day | date }}.\n",
    "notices/_signature.en.j2": "{{ organisation }}\n",
    "notices/_signature.zh.j2": "{{ organisation }} 敬上\n",
}


def test_a_set_finds_the_language_that_comes_nearest() -> None:
    """Asked for a language, a set gives it, its parent, the fallback, or any: never silence."""
    notices = NoticeSet.load(FILES)
    assert notices.names == ("acknowledgement", "closing")
    assert notices.languages("acknowledgement") == ("en", "zh")
    assert notices.template("acknowledgement", "zh-CN").language == "zh"
    assert notices.template("acknowledgement", "fr").language == "en"
    assert notices.template("closing", "zh").language == "en"
    assert NoticeSet.load(FILES, fallback="fr").template("closing", "de").language == "en"


def test_shared_parts_follow_the_language() -> None:
    """An included part is the one of the template's language, and its variables are known as needed."""
    template = NoticeSet.load(FILES).template("acknowledgement", "zh")
    assert template.names == {"organisation"}
    assert template.render({"organisation": "和味"}, zone=ZONE).text == "我们已收到。\n\n和味 敬上\n"


def test_mistakes_in_a_set_are_found_when_it_is_loaded() -> None:
    """Unknown names, odd file names, endless includes and unknown languages are refused with advice."""
    with pytest.raises(InvalidNotice, match="no notice 'aknowledgement'"):
        NoticeSet.load(FILES).template("aknowledgement", "en")
    with pytest.raises(InvalidNotice, match="no name for a notice"):
        NoticeSet.load({"notices/Reply.j2": "Subject: a\n\nb\n"})
    with pytest.raises(InvalidNotice, match="not a language"):
        NoticeSet.load({"notices/reply.qqx.j2": "Subject: a\n\nb\n"})
    with pytest.raises(InvalidNotice, match="two files"):
        NoticeSet.load({"a/reply.en.j2": "Subject: a\n\nb\n", "b/reply.en.j2": "Subject: a\n\nb\n"})
    with pytest.raises(InvalidNotice, match="includes itself"):
        NoticeSet.load(
            {"reply.en.j2": 'Subject: a\n\n{% include "_a" %}\n', "_a.en.j2": '{% if x %}{% include "_a" %}{% endif %}'}
        )


def test_every_shipped_notice_can_be_used() -> None:
    """All templates in the repository are read, with the shared ones, and each is there in English and Chinese."""
    processes = Path(__file__).parents[2] / "processes"
    assert len(list(processes.glob("*/notices"))) >= 8
    for folder in sorted(processes.glob("*/notices")):
        # The shared letters greet with the policy's own words; a policy without them does not send any.
        places = (processes / "shared" / "notices", folder) if (folder / "_greeting.en.j2").exists() else (folder,)
        files = {file.name: file for place in places for file in place.glob("*.j2")}
        if folder.parent.name != "shared":
            notices = NoticeSet.load({name: file.read_text(encoding="utf-8") for name, file in files.items()})
            lacking = [name for name in notices.names if not {"en", "zh"} <= set(notices.languages(name))]
            assert not lacking, f"{folder}: {lacking}"


@pytest.mark.parametrize(
    ("reporter", "available", "choice"),
    [
        ({"preferred_channel": "email", "email": "a@b.cn"}, CHANNELS, Choice("email", "a@b.cn")),
        ({"preferred_channel": "phone", "phone": "555", "email": "a@b.cn"}, CHANNELS, Choice("phone", "555")),
        ({"preferred_channel": "letter", "address": "1 Main St"}, CHANNELS, Choice("letter", "1 Main St")),
        ({"preferred_channel": "portal"}, CHANNELS, Choice("portal")),
        ({"email": "a@b.cn"}, CHANNELS, Choice("email", "a@b.cn")),
        ({"phone": "555"}, ("email", "phone"), Choice("phone", "555")),
        (
            {"preferred_channel": "email", "email": " ", "phone": "555"},
            ("email", "phone"),
            Choice("phone", "555", "the preferred channel 'email' lacks the person's email"),
        ),
        (
            {"preferred_channel": "sms", "phone": "555", "email": "a@b.cn"},
            ("email", "phone"),
            Choice("email", "a@b.cn", "the preferred channel 'sms' is not served"),
        ),
    ],
)
def test_the_preferred_channel_is_respected(
    reporter: Mapping[str, object], available: tuple[str, ...], choice: Choice
) -> None:
    """People are told by the way they chose; where that is impossible, by another, and the reason is kept."""
    assert choose_channel(reporter, available) == choice


def test_who_cannot_be_reached_may_come() -> None:
    """Without any way to reach a person, the notice is kept for collection, with the reason."""
    assert choose_channel({}).channel == COLLECTION
    assert "no way to reach" in choose_channel({"preferred_channel": None}).reason
    assert "lacks the person's address" in choose_channel({"preferred_channel": "letter"}).reason


NOTICE = Notice(
    id="n1",
    case_id="c1",
    name="reply",
    language="en",
    to=Recipient(person="Li Wei", address="555-0100"),
    channel="phone",
    subject="Reply",
    text="We are sorry.\n",
    html="",
    created_at=dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
    key="k",
)


def test_a_call_has_a_script() -> None:
    """For the phone, staff get whom to call and what to say; for a collection, what to hand over."""
    assert sheet(NOTICE) == "Call Li Wei, 555-0100 and say:\n\nReply\n\nWe are sorry.\n"
    group = replace(NOTICE, channel=COLLECTION, language="zh-CN", to=Recipient(group="shop"))
    assert sheet(group).startswith("请保存，待shop前来领取：\n\n")


def test_the_keeping_notifier_accepts() -> None:
    """Without a mail server, notices stay in the case and nothing fails."""
    notifier: Notifier = KeepingNotifier()
    notifier.deliver(NOTICE)


def test_importing_notices_is_cheap() -> None:
    """Jinja2 and babel are loaded with the first template, not with the library."""
    code = (
        "import sys, complaintflow.notices.channels, complaintflow.notices.layout\n"
        "before = set(sys.modules)\n"
        "import complaintflow.notices.notices\n"
        "sys.exit(any(name in set(sys.modules) - before for name in ('jinja2', 'babel')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
