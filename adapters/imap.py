"""A dedicated mailbox for complaints, over IMAP (RFC 3501) from Python's standard library.

    box = Mailbox("imap.example.org", "complaints", password, process="whistleblower",
                  subject_words=["complaint report", "投诉举报"])
    box.poll(engine)                            # from a scheduler, every few minutes

A mail whose subject has one of the words starts a case (WB-2.1.b); any other becomes a quick note, which a person
sorts. A mail is marked as read after its case exists, and its Message-ID is the case's key, so that it is
neither lost nor taken twice.

A mailbox for people who do not want to be known is ``Mailbox(..., anonymous=True)``: then nothing but subject and text
is kept of a mail (no sender, no Message-ID, no time of sending, no names of files), and it is deleted once it is taken.
What mail servers on the way have written down, no mailbox can take back: a web form with a receipt protects better.
"""

from __future__ import annotations

import email
import hashlib
import imaplib
import logging
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from datetime import UTC
from email.message import EmailMessage
from email.policy import default as modern
from email.utils import parseaddr, parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from lxml import html
from lxml.etree import LxmlError

from complaintflow.errors import DuplicateKey, InvalidData, StoreError
from complaintflow.logs import about
from complaintflow.ports import ChannelDown
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.ports import CaseStarter

log = logging.getLogger("complaintflow")

MAX_BYTES: Final = 25_000_000
MAX_TEXT: Final = 100_000


@dataclass(slots=True)
class Poll:
    """What one look into the mailbox brought: case ids, mails that had been taken before, and mails left unread."""

    started: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    known: int = 0
    unread: int = 0


class Mailbox:
    """Takes complaints out of a mailbox.

    Args:
        host, user, password, port, folder: where it is.
        process: the process that a fitting mail starts.
        subject_words: a subject with any of them fits, whatever its case (WB-2.1.b).
        notes: the process for mails that do not fit.
        tls: an encrypted connection; only a loopback host does without.
        language: of the letters to those who write.
        timeout: seconds for each answer of the server.
        anonymous: keep nothing of who wrote, and delete each mail once it is taken. Then a mail may be taken twice, if
            the process dies between its case and its deletion.
    """

    def __init__(
        self,
        host: str,
        user: str,
        password: str,
        *,
        process: str,
        subject_words: Sequence[str],
        notes: str = "quick-note",
        port: int = 993,
        folder: str = "INBOX",
        tls: bool = True,
        language: str = "en",
        timeout: float = 20,
        anonymous: bool = False,
    ) -> None:
        self.host, self.port, self.tls, self.timeout = host, port, tls, timeout
        self.user, self._password, self.folder = user, password, folder
        self.process, self.notes, self.language = process, notes, language
        self.anonymous = anonymous
        self.subject_words = [word.casefold() for word in subject_words]

    @property
    def name(self) -> str:
        """For people: the mailbox."""
        return f"mailbox {self.user} at {self.host}"

    def check(self) -> None:
        """Log in and open the folder. Raises ChannelDown (HR-2.1.2)."""
        with self._open():
            pass

    def poll(self, starter: CaseStarter) -> Poll:
        """Take every unread mail.

        Args:
            starter: an ``Engine``.

        Raises:
            ChannelDown: the mailbox does not answer; what was taken stays taken.
            StoreError: the database cannot be used; the mail stays unread.
        """
        found = Poll()
        with self._open() as connection:
            for uid in self._unread(connection):
                try:
                    self._take(starter, self._fetch(connection, uid), found)
                except (StoreError, imaplib.IMAP4.error, OSError):
                    raise
                except Exception as error:
                    # One mail that cannot be read must not stand before the others; it stays unread for a person.
                    told = about("mail-refused", mailbox=self.name, error=type(error).__name__)
                    log.error("mail %s of the %s cannot be taken: %s", uid, self.name, type(error).__name__, extra=told)
                    found.unread += 1
                else:
                    self._taken(connection, uid)
        return found

    def _taken(self, connection: imaplib.IMAP4, uid: str) -> None:
        if not self.anonymous:
            self._ask(connection, "STORE", uid, "+FLAGS", r"(\Seen)")
            return
        self._ask(connection, "STORE", uid, "+FLAGS", r"(\Seen \Deleted)")
        connection.expunge()

    def _take(self, starter: CaseStarter, mail: EmailMessage, found: Poll) -> None:
        message_id = str(mail["Message-ID"] or "") or hashlib.sha256(mail.as_bytes()).hexdigest()
        digest = hashlib.sha256(message_id.encode("utf-8", "replace")).hexdigest()
        key = None if self.anonymous else "mail-" + digest[:40]
        subject = _clean(str(mail["Subject"] or ""))
        payload = self._payload(mail, subject)
        try:
            if any(word in subject.casefold() for word in self.subject_words):
                try:
                    found.started.append(starter.start(self.process, payload, key=key, actor="mailbox").id)
                    return
                except InvalidData:
                    pass  # A person reads what the form does not understand.
            try:
                found.notes.append(starter.start(self.notes, payload, key=key, actor="mailbox").id)
            except InvalidData:
                # The address is all that a form can still refuse; the words of the mail matter more.
                payload.pop("reporter", None)
                payload.pop("received_at", None)
                found.notes.append(starter.start(self.notes, payload, key=key, actor="mailbox").id)
        except DuplicateKey:
            found.known += 1

    def _payload(self, mail: EmailMessage, subject: str) -> dict[str, Any]:
        content = _text(mail)[:MAX_TEXT] or subject or "(empty mail)"
        payload: dict[str, Any] = {"channel": "email", "language": self.language, "content": content}
        if self.anonymous:
            return payload | ({"subject": subject} if subject else {}) | {"anonymous": True}
        name, address = parseaddr(str(mail["From"] or ""))
        reporter = {"name": _clean(name), "email": address, "preferred_channel": "email" if address else ""}
        payload["reporter"] = {key: value for key, value in reporter.items() if value}
        if subject:
            payload["subject"] = subject
        names = [_clean(part.get_filename() or "unnamed") for part in mail.iter_attachments()]
        if names:
            payload["evidence"] = "; ".join(names)[:2000]
        try:
            sent = parsedate_to_datetime(str(mail["Date"]))
            payload["received_at"] = sent.replace(tzinfo=sent.tzinfo or UTC).isoformat(timespec="seconds")
        except (ValueError, OverflowError, TypeError):
            pass  # Without a date the clock starts when the case does.
        return payload

    @contextmanager
    def _open(self) -> Iterator[imaplib.IMAP4]:
        try:
            if self.tls:
                context = ssl.create_default_context()
                connection: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                    self.host, self.port, ssl_context=context, timeout=self.timeout
                )
            else:
                connection = imaplib.IMAP4(self.host, self.port, timeout=self.timeout)
        except (OSError, imaplib.IMAP4.error) as error:
            raise ChannelDown(f"the {self.name} does not answer: {error}", where=f"{self.host}:{self.port}") from None
        try:
            connection.login(self.user, self._password)
            self._select(connection)
            yield connection
        except (OSError, imaplib.IMAP4.error) as error:
            raise ChannelDown(f"the {self.name} refused: {error}", where=f"{self.host}:{self.port}") from None
        finally:
            try:
                connection.logout()
            except (OSError, imaplib.IMAP4.error):
                connection.shutdown()

    def _select(self, connection: imaplib.IMAP4) -> None:
        status, _ = connection.select(self.folder)
        if status != "OK":
            raise imaplib.IMAP4.error(f"there is no folder {self.folder}")

    @staticmethod
    def _ask(connection: imaplib.IMAP4, command: str, *words: str) -> list[Any]:
        status, data = connection.uid(command, *words)
        if status != "OK":
            raise imaplib.IMAP4.error(f"{command} was answered with {status}")
        return data

    def _unread(self, connection: imaplib.IMAP4) -> list[str]:
        (found,) = self._ask(connection, "SEARCH", "UNSEEN")
        return [uid.decode() for uid in (found or b"").split()]

    def _fetch(self, connection: imaplib.IMAP4, uid: str) -> EmailMessage:
        data = self._ask(connection, "FETCH", uid, f"(BODY.PEEK[]<0.{MAX_BYTES}>)")
        source = next((part[1] for part in data if isinstance(part, tuple)), b"")
        mail = email.message_from_bytes(source, policy=modern)
        assert isinstance(mail, EmailMessage)
        return mail


def _text(mail: EmailMessage) -> str:
    """The plain text, or what an HTML mail says."""
    body = mail.get_body(preferencelist=("plain", "html"))
    if body is None:
        return ""
    try:
        content = body.get_content()
    except (LookupError, ValueError):
        payload = body.get_payload(decode=True)
        content = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    if body.get_content_type() == "text/html" and content.strip():
        content = _words_of(content)
    content = str(content).encode("utf-8", "replace").decode()
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in str(content).replace("\x00", "").splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _words_of(page: str) -> str:
    try:
        tree = html.fromstring(page.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
    except (LxmlError, ValueError):
        return page
    return "".join(str(piece) for piece in tree.itertext())


def _clean(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    return " ".join(text.replace("\x00", "").split())[:500]
