"""Notices: what the organisation tells the people of a case, in their language and by the way they chose.

A template is a file ``notices/<name>.<language>.j2``: a first line ``Subject: ...``, an empty line, then paragraphs of
plain text with Jinja2 (see `complaintflow.notices.template` for what is allowed). A file whose name begins with an
underscore is a shared part: ``{% include "_signature" %}`` puts ``notices/_signature.<language>.j2`` there.

A notice is rendered once, kept in the case and then handed to a `Notifier`. Rendering yields text; the HTML is made
from the escaped text, so nothing that a reporter wrote can become markup.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, tzinfo
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

from complaintflow.errors import ComplaintflowError, InvalidNotice, NoticeError
from complaintflow.notices.channels import CHANNELS, COLLECTION, Choice, choose_channel
from complaintflow.notices.layout import one_line, tidy, to_html
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.notices.template import Compiled


_FILE = r"(?P<name>_?[a-z0-9][a-z0-9_-]*)\.(?P<language>[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8})*)\.j2"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a notice: a person or a group of the organisation, and where they are reached on the chosen channel.

    ``address`` is an e-mail address, a phone number or a postal address, as the channel wants it; empty where the
    channel needs none. ``only`` are the ids of those of the group who may know, where others of it are kept out of the
    case; empty for the whole group. A notifier that tells a group tells these alone.
    """

    person: str = ""
    group: str = ""
    address: str = ""
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """A rendered notice.

    Attributes:
        id: of this notice.
        case_id: the case it belongs to.
        name: the template's name.
        language: of the text.
        to: who gets it.
        channel: one of `CHANNELS`, or `COLLECTION`.
        subject: one line.
        text: the plain text; on the channel ``phone`` it is what the caller says, as a ``letter`` it is printed.
        html: the same as an HTML page.
        created_at: when it was rendered, with offset.
        key: the same at every attempt to deliver this notice, so that nobody gets it twice.
    """

    id: str
    case_id: str
    name: str
    language: str
    to: Recipient = field(repr=False)
    channel: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    created_at: datetime
    key: str


_SHEETS = {
    "en": {
        "phone": "Call {who} and say:",
        "sms": "Send to {who} as a text message:",
        "letter": "Print and send to {who}:",
        "in_person": "Tell {who} in person:",
        "collection": "Keep until {who} comes for it:",
    },
    "zh": {
        "phone": "请致电{who}，告知以下内容：",
        "sms": "请以短信发送给{who}：",
        "letter": "请打印并寄送给{who}：",
        "in_person": "请当面告知{who}：",
        "collection": "请保存，待{who}前来领取：",
    },
}


def sheet(notice: Notice) -> str:
    """What staff need to bring a notice to a person by hand: whom to reach and how, then the text.

    On the phone the text is what the caller says. The instruction is in the language of the notice, else in English.
    """
    sheets = _SHEETS.get(re.split("[-_]", notice.language)[0], _SHEETS["en"])
    who = ", ".join(part for part in (notice.to.person or notice.to.group, notice.to.address) if part) or "-"
    instruction = sheets.get(notice.channel, "{who}:").format(who=who)
    return f"{instruction}\n\n{notice.subject}\n\n{notice.text}"


class DeliveryDelayed(ComplaintflowError):
    """A notice could not be delivered now; trying again later may help."""

    advice = "nothing now: it is tried again; if it goes on, look at the mail server"


class Notifier(Protocol):
    """Brings notices to people. An organisation has one, which may pass on what it does not do itself."""

    def deliver(self, notice: Notice) -> None:
        """Deliver, or take over, one notice. It may come twice with the same ``key``: at least once is the rule.

        Raises:
            NoticeError: it can never be delivered as it is (a wrong address): an incident for a person.
            DeliveryDelayed: not now (no connection, a busy server): it is tried again with growing pauses.
        """


class KeepingNotifier:
    """The default: notices stay in the case, where staff read, print or read them out. Nothing leaves."""

    def deliver(self, notice: Notice) -> None:
        """Accept the notice; it is in the store already."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template with its values: ``subject`` (one line), ``text`` and ``html``."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Template:
    """A notice template: checked and compiled."""

    file: str
    language: str
    _subject: Compiled
    _body: Compiled

    @classmethod
    def load(
        cls, text: str, file: str = "notice.en.j2", *, language: str = "", parts: Mapping[str, str] | None = None
    ) -> Template:
        """Read a template.

        Args:
            text: the content of the file.
            file: named in errors; its name tells the language (``acknowledgement.zh.j2``) unless ``language`` does.
            language: the language of the template, such as ``en`` or ``zh-CN``.
            parts: shared parts by name, for ``include``.

        Raises:
            InvalidNotice: with the file, the line and what to change.
        """
        from complaintflow.notices.template import Compiler

        found = re.fullmatch(_FILE, PurePosixPath(file).name)
        language = language or (found["language"] if found else "en")
        _require_language(language, file)
        head, _, body = text.removeprefix("\ufeff").replace("\r\n", "\n").partition("\n")
        if not head.startswith("Subject:") or not head.removeprefix("Subject:").strip():
            raise _malformed("the first line is not 'Subject: ...'", file, 1)
        between, _, body = body.partition("\n")
        if between.strip() or not body.strip():
            raise _malformed("the subject is not followed by an empty line and a text", file, 2)
        compiler = Compiler(parts or {})
        subject = compiler.compile(head.removeprefix("Subject:").strip(), file)
        return cls(file, language, subject, compiler.compile("\n\n" + body, file))  # so that its lines count right

    @property
    def names(self) -> frozenset[str]:
        """The variables that the template reads."""
        return self._subject.names | self._body.names

    @property
    def variables(self) -> frozenset[str]:
        """The names that come from outside: without what its own loops go through."""
        return self._subject.free | self._body.free

    def render(self, variables: Mapping[str, object], *, zone: tzinfo) -> Rendered:
        """Fill in the values.

        Args:
            variables: plain JSON data by name (and Python dates and times); only the `names` are read.
            zone: the organisation's zone, for the filters ``date``, ``datetime`` and ``last_day``.

        Raises:
            NoticeError: a variable is missing or cannot be printed (with file and variable), or the result is too
                large.
        """
        from complaintflow.notices.filters import Written

        written = Written(self.language, zone)
        subject = one_line(self._subject.render(variables, written))
        text = tidy(self._body.render(variables, written))
        if not subject or not text.strip():
            raise NoticeError("the notice has no subject or no text with these values", where=self.file)
        return Rendered(subject, text, to_html(subject, text, self.language))


@dataclass(frozen=True)
class NoticeSet:
    """All templates of one process, by name and language. Each is compiled when it is first asked for."""

    _texts: Mapping[tuple[str, str], tuple[str, str]]
    fallback: str = "en"
    _templates: dict[tuple[str, str], Template] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def load(cls, files: Mapping[str, str], fallback: str = "en") -> NoticeSet:
        """Read all templates of a folder.

        Args:
            files: content by path, such as ``notices/acknowledgement.en.j2``.
            fallback: the language taken where a template lacks the one asked for.

        Raises:
            InvalidNotice: a file's name or content cannot be used.
        """
        notices = cls.named(files, fallback)
        notices.check()
        return notices

    @classmethod
    def named(cls, files: Mapping[str, str], fallback: str = "en") -> NoticeSet:
        """The same without a look at the contents: what is wrong with one is said when it is asked for.

        Raises:
            InvalidNotice: a file's name cannot be used.
        """
        texts: dict[tuple[str, str], tuple[str, str]] = {}
        for file, text in files.items():
            found = re.fullmatch(_FILE, PurePosixPath(file).name)
            if not found:
                raise InvalidNotice(
                    f"'{file}' is no name for a notice",
                    where=file,
                    advice="call it <name>.<language>.j2, in small letters, such as acknowledgement.en.j2",
                )
            place = (found["name"], found["language"])
            if place in texts:
                raise InvalidNotice(f"two files are the notice {place[0]} in {place[1]}", where=file)
            texts[place] = (file, text)
        return cls(texts, fallback)

    def check(self) -> None:
        """Compile every template. Raises InvalidNotice: the first that cannot be used."""
        for place in self._places():
            self._template(place)

    def _places(self) -> list[tuple[str, str]]:
        return [place for place in self._texts if not place[0].startswith("_")]

    def _template(self, place: tuple[str, str]) -> Template:
        if place not in self._templates:
            file, text = self._texts[place]
            parts = _parts(self._texts, place[1], self.fallback)
            self._templates[place] = Template.load(text, file, language=place[1], parts=parts)
        return self._templates[place]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the notices, sorted."""
        return tuple(sorted({name for name, _ in self._places()}))

    def languages(self, name: str) -> tuple[str, ...]:
        """The languages that a notice is written in, sorted."""
        return tuple(sorted(language for other, language in self._places() if other == name))

    def template(self, name: str, language: str) -> Template:
        """The template of that name, in that language or else in the one that comes nearest.

        ``zh-CN`` falls back to ``zh``, then to the set's fallback, then to any language there is: a notice in the wrong
        language is better than silence.

        Raises:
            InvalidNotice: there is no notice of that name, or it cannot be used.
        """
        there = self.languages(name)
        if not there:
            raise InvalidNotice(
                f"there is no notice '{name}'",
                advice=f"write notices/{name}.{self.fallback}.j2; there are: {self.names}",
            )
        wanted = (language, re.split("[-_]", language)[0], self.fallback)
        return self._template((name, next((tongue for tongue in wanted if tongue in there), there[0])))


def _parts(texts: Mapping[tuple[str, str], tuple[str, str]], language: str, fallback: str) -> dict[str, str]:
    """The shared parts for templates of one language; where one is not translated, the fallback's."""
    found = {name: text for (name, tongue), (_, text) in texts.items() if tongue == fallback and name.startswith("_")}
    found.update({name: text for (name, tongue), (_, text) in texts.items() if tongue == language and name[0] == "_"})
    return found


def _malformed(what: str, file: str, line: int) -> InvalidNotice:
    return InvalidNotice(
        f"the notice cannot be used: {what}",
        where=f"{file}, line {line}",
        advice="begin with 'Subject: ...', then an empty line, then the text",
    )


def _require_language(language: str, file: str) -> None:
    if language in ("en", "zh"):
        return
    from babel import Locale, UnknownLocaleError

    try:
        Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise InvalidNotice(f"'{language}' is not a language", where=file, advice="use en, zh, ...") from error


__all__ = [
    "CHANNELS",
    "COLLECTION",
    "Choice",
    "DeliveryDelayed",
    "KeepingNotifier",
    "Notice",
    "NoticeSet",
    "Notifier",
    "Recipient",
    "Rendered",
    "Template",
    "choose_channel",
    "sheet",
    "to_html",
]
