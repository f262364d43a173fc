"""Notices as e-mail, over SMTP (RFC 5321) from Python's standard library.

    engine = Engine(..., notifier=SmtpNotifier("mail.example.org", sender="Complaints <complaints@example.org>",
                                               username="complaints", password=...))

The mail has a plain and an HTML form, a Message-ID made from the notice's key (a second attempt is the same message,
which mail systems recognise) and ``Auto-Submitted: auto-generated`` (RFC 3834), so that no out-of-office reply comes
back. Other channels than e-mail go to the ``fallback``.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from contextlib import suppress
from email.errors import HeaderParseError, MessageDefect
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from complaintflow.errors import NoticeError
from complaintflow.notices.layout import one_line
from complaintflow.notices.notices import DeliveryDelayed, KeepingNotifier, Notice, Notifier

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SmtpNotifier:
    """Sends the notices of the channel ``email``; passes the others on.

    Args:
        host: the mail server.
        port: usually 587 (STARTTLS), 465 (``tls=True``) or 25.
        sender: the address in From, with or without a name: ``Complaints <complaints@example.org>``.
        username: to log in with; no log-in without it.
        password: for the username.
        starttls: encrypt with STARTTLS, and send nothing if the server cannot.
        tls: speak TLS from the first byte, instead of STARTTLS.
        timeout: seconds to wait for the server at each step.
        context: the TLS settings; by default certificates are verified.
        fallback: gets the notices of all other channels.

    Raises:
        ValueError: the sender is no address, or a password would travel unencrypted to another machine.
    """

    def __init__(
        self,
        host: str,
        port: int = 587,
        sender: str = "",
        username: str | None = None,
        password: str | None = None,
        *,
        starttls: bool = True,
        tls: bool = False,
        timeout: float = 20.0,
        context: ssl.SSLContext | None = None,
        fallback: Notifier | None = None,
    ) -> None:
        try:
            self._sender = _address(*parseaddr(sender))
        except ValueError as error:
            raise ValueError(f"the sender {sender!r} is not an e-mail address") from error
        if username is not None and not (starttls or tls) and host not in _LOOPBACK:
            raise ValueError("a password would travel unencrypted: leave starttls=True, or use tls=True")
        self._host, self._port, self._timeout = host, port, timeout
        self._login = None if username is None else (username, password or "")
        self._starttls, self._tls = starttls and not tls, tls
        self._context = context
        self._fallback: Notifier = fallback if fallback is not None else KeepingNotifier()

    def deliver(self, notice: Notice) -> None:
        """Send one notice.

        Raises:
            NoticeError: the address is none, or the server refuses the recipient or the message for good.
            DeliveryDelayed: the server cannot be reached, is busy, or refuses the log-in or the sender.
        """
        if notice.channel != "email":
            self._fallback.deliver(notice)
            return
        recipient = _recipient(notice)
        message = self._message(notice, recipient)
        try:
            server = self._connected()
            try:
                self._send(server, message, recipient, notice)
            finally:
                _goodbye(server)
        except smtplib.SMTPException as error:
            raise self._delayed(f"the mail server {self._host} did not take the notice: {_said(error)}") from error
        except OSError as error:
            raise self._delayed(f"the mail server {self._host} cannot be reached: {error}") from error

    def _connected(self) -> smtplib.SMTP:
        """A connection, encrypted and logged in as configured."""
        context = self._context or ssl.create_default_context()
        server: smtplib.SMTP
        if self._tls:
            server = smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            if self._starttls:
                server.starttls(context=context)
            if self._login is not None:
                server.login(*self._login)
        except BaseException:
            server.close()
            raise
        return server

    def _send(self, server: smtplib.SMTP, message: EmailMessage, recipient: Address, notice: Notice) -> None:
        where = f"notice {notice.id} of case {notice.case_id}"
        server.ehlo_or_helo_if_needed()
        international = not recipient.addr_spec.isascii()
        if international and not server.has_extn("smtputf8"):
            raise NoticeError(
                "the mail server does not know addresses with other letters than ASCII",
                where=where,
                advice="ask the person for another address, then resolve the incident",
            )
        options = ["SMTPUTF8", "BODY=8BITMIME"] if international else []
        mail = message.as_bytes(policy=SMTP.clone(utf8=international))
        try:
            server.sendmail(self._sender.addr_spec, [recipient.addr_spec], mail, mail_options=options)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = error.recipients[recipient.addr_spec]
            if code < 500:
                raise
            raise NoticeError(
                f"the mail server refuses the recipient: {code} {_text(said)}",
                where=where,
                advice="correct the address or choose another channel in the case, then resolve the incident",
            ) from error
        except smtplib.SMTPDataError as error:
            if error.smtp_code < 500:
                raise
            raise NoticeError(
                f"the mail server refuses the message: {_said(error)}",
                where=where,
                advice="shorten the notice or have the mail server accept it, then resolve the incident",
            ) from error

    def _message(self, notice: Notice, recipient: Address) -> EmailMessage:
        digest = hashlib.sha256(notice.key.encode()).hexdigest()
        message = EmailMessage(policy=SMTP)
        message["Subject"] = one_line(notice.subject)
        message["From"] = self._sender
        message["To"] = recipient
        message["Date"] = format_datetime(notice.created_at)
        message["Message-ID"] = f"<{digest[:40]}@{self._sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(notice.text, cte="base64")
        message.add_alternative(notice.html, subtype="html", cte="base64")
        message.set_boundary(f"=_{digest[40:]}")
        message["Content-Language"] = notice.language
        return message

    def _delayed(self, what: str) -> DeliveryDelayed:
        return DeliveryDelayed(what, where=f"{self._host}:{self._port}")


def _recipient(notice: Notice) -> Address:
    """The address of the recipient, as one address and nothing else."""
    try:
        return _address(one_line(notice.to.person), notice.to.address.strip())
    except ValueError as error:
        raise NoticeError(
            "the recipient's e-mail address is not one",
            where=f"notice {notice.id} of case {notice.case_id}",
            advice="correct the address or choose another channel in the case, then resolve the incident",
        ) from error


def _address(name: str, address: str) -> Address:
    """The address with its domain in ASCII (IDNA), as SMTP wants it.

    Raises:
        ValueError: it is not exactly one address.
    """
    local, _, domain = address.rpartition("@")
    if not local or not domain or any(letter.isspace() or not letter.isprintable() for letter in address):
        raise ValueError("an e-mail address is local@domain")
    domain = domain.encode("idna").decode("ascii")
    # Python's parser takes ASCII only (RFC 5322); RFC 6532 allows any other letter where a plain one may stand.
    plain = "".join(letter if letter.isascii() else "x" for letter in local)
    try:
        Address(addr_spec=f"{plain}@{domain}")
    except (HeaderParseError, MessageDefect, IndexError) as error:
        raise ValueError("an e-mail address is local@domain") from error
    return Address(display_name=name, username=local, domain=domain)


def _goodbye(server: smtplib.SMTP) -> None:
    """End the connection; what goes wrong here must not make a message that was taken look refused."""
    with suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()


def _said(error: smtplib.SMTPException) -> str:
    """What the server answered."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{code} {_text(said)}" for code, said in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error)


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
