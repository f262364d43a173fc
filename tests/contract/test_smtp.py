"""E-mail notices against a real SMTP server on the loopback interface."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from complaintflow.adapters.smtp import SmtpNotifier
from complaintflow.errors import NoticeError
from complaintflow.notices.notices import DeliveryDelayed, Notice, Notifier, Recipient, to_html

NOTICE = Notice(
    id="n1",
    case_id="c1",
    name="acknowledgement",
    language="zh",
    to=Recipient(person="赵敏", address="zhao.min@example.org"),
    channel="email",
    subject="您的投诉已收到",
    text="尊敬的赵敏：\n\n我们已收到您的投诉。\n.\n此致\n",
    html=to_html("您的投诉已收到", "尊敬的赵敏：\n\n我们已收到您的投诉。\n", "zh"),
    created_at=dt.datetime(2026, 11, 22, 6, 5, tzinfo=dt.UTC),
    key="c1:7:acknowledgement",
)


@dataclass
class Mailbox:
    """A server's handler: keeps what it takes, and answers as told."""

    rcpt: str = ""
    data: str = "250 OK"
    mail: str = ""
    taken: list[Envelope] = field(default_factory=list)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer MAIL FROM."""
        if self.mail:
            return self.mail
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer RCPT TO."""
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Answer the message itself."""
        if self.data.startswith("250"):
            self.taken.append(envelope)
        return self.data

    @property
    def messages(self) -> list[EmailMessage]:
        """The messages taken, parsed."""
        found = [message_from_bytes(_bytes(envelope), policy=policy.default) for envelope in self.taken]
        return [message for message in found if isinstance(message, EmailMessage)]


def _bytes(envelope: Envelope) -> bytes:
    assert isinstance(envelope.content, bytes)
    return envelope.content


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def serve() -> Iterator[Callable[..., int]]:
    """Start servers with a mailbox; each start returns its port."""
    running: list[Controller] = []

    def start(mailbox: Mailbox, **options: Any) -> int:
        controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), **options)
        controller.start()
        running.append(controller)
        return int(controller.port)

    yield start
    for controller in running:
        controller.stop()


def notifier(port: int, **options: Any) -> SmtpNotifier:
    """A notifier for a server without encryption, on this machine."""
    given: dict[str, Any] = {"sender": "投诉处 <complaints@example.com>", "starttls": False, "timeout": 5, **options}
    return SmtpNotifier("127.0.0.1", port, **given)


def test_chinese_mail_arrives_whole(serve: Callable[..., int]) -> None:
    """Subject, names, text and HTML arrive in Chinese, and a line of one dot does not cut the text."""
    mailbox = Mailbox()
    notifier(serve(mailbox)).deliver(NOTICE)
    (message,) = mailbox.messages
    assert message["Subject"] == "您的投诉已收到"
    assert message["To"].addresses[0].display_name == "赵敏"
    assert message["From"].addresses[0].display_name == "投诉处"
    text, page = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert page is not None
    assert text.get_content().replace("\r\n", "\n") == NOTICE.text
    assert "<p" in page.get_content()
    assert "我们已收到您的投诉。" in page.get_content()
    assert mailbox.taken[0].rcpt_tos == ["zhao.min@example.org"]
    assert mailbox.taken[0].mail_from == "complaints@example.com"


def test_headers_keep_machines_quiet_and_attempts_alike(serve: Callable[..., int]) -> None:
    """A second attempt is the same message byte for byte, and asks for no automatic answer."""
    mailbox = Mailbox()
    sender = notifier(serve(mailbox))
    sender.deliver(NOTICE)
    sender.deliver(NOTICE)
    sender.deliver(replace(NOTICE, key="c1:8:acknowledgement"))
    first, second, other = mailbox.messages
    assert mailbox.taken[0].content == mailbox.taken[1].content
    assert first["Message-ID"] == second["Message-ID"] != other["Message-ID"]
    assert first["Message-ID"].endswith("@example.com>")
    assert "acknowledgement" not in first["Message-ID"]
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Content-Language"] == "zh"
    assert first["Date"].datetime == NOTICE.created_at


def test_a_refused_recipient_is_for_a_person(serve: Callable[..., int]) -> None:
    """A permanent refusal of the recipient is a NoticeError whose advice says what to do."""
    sender = notifier(serve(Mailbox(rcpt="550 5.1.1 no such mailbox")))
    with pytest.raises(NoticeError) as refused:
        sender.deliver(NOTICE)
    assert "550 5.1.1 no such mailbox" in refused.value.what
    assert "correct the address" in refused.value.remedy
    assert "zhao.min" not in str(refused.value)


@pytest.mark.parametrize(
    "mailbox",
    [
        Mailbox(rcpt="451 4.2.1 mailbox busy"),
        Mailbox(data="452 4.3.1 no space"),
        Mailbox(mail="421 4.3.2 going down"),
        Mailbox(mail="550 5.7.1 sender not allowed"),
    ],
    ids=["busy mailbox", "full server", "closing server", "sender not allowed"],
)
def test_what_may_pass_is_tried_again(serve: Callable[..., int], mailbox: Mailbox) -> None:
    """A temporary refusal, or one that the administrator can lift, is a delay and not the end."""
    with pytest.raises(DeliveryDelayed):
        notifier(serve(mailbox)).deliver(NOTICE)


def test_a_refused_message_is_for_a_person(serve: Callable[..., int]) -> None:
    """A message that the server will never take is a NoticeError."""
    with pytest.raises(NoticeError, match="552"):
        notifier(serve(Mailbox(data="552 5.3.4 too big"))).deliver(NOTICE)


class Hasty(Mailbox):
    """A server that takes messages but hangs up without the usual goodbye."""

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Answer QUIT with silence."""
        assert isinstance(server.transport, asyncio.Transport)
        server.transport.abort()
        return "221 Bye"


def test_a_message_that_was_taken_stays_taken(serve: Callable[..., int]) -> None:
    """What goes wrong after the server took the message does not make it be sent again."""
    mailbox = Hasty()
    notifier(serve(mailbox)).deliver(NOTICE)
    assert len(mailbox.taken) == 1


def test_a_server_that_is_down_is_a_delay() -> None:
    """No server means trying again later."""
    with pytest.raises(DeliveryDelayed, match="cannot be reached"):
        notifier(free_port()).deliver(NOTICE)


@pytest.mark.parametrize(
    "address",
    ["", "zhao.min", "a@b, c@d", "a@b\r\nRCPT TO:<c@d>", "a b@example.org", "<a@example.org> x", "@example.org"],
)
def test_only_one_plain_address_is_written_to(serve: Callable[..., int], address: str) -> None:
    """What is not exactly one address is an error for a person, before anything is sent."""
    mailbox = Mailbox()
    with pytest.raises(NoticeError, match="not one"):
        notifier(serve(mailbox)).deliver(replace(NOTICE, to=Recipient(address=address)))
    assert mailbox.taken == []


def test_names_and_subjects_cannot_add_headers(serve: Callable[..., int]) -> None:
    """Line breaks in a name or a subject stay inside the header."""
    mailbox = Mailbox()
    to = Recipient(person="Zhao\r\nBcc: all@example.org", address="zhao.min@example.org")
    notifier(serve(mailbox)).deliver(replace(NOTICE, to=to, subject="Hello\r\nBcc: all@example.org\n\nbody"))
    (message,) = mailbox.messages
    assert message["Bcc"] is None
    assert message["Subject"] == "Hello Bcc: all@example.org body"
    assert mailbox.taken[0].rcpt_tos == ["zhao.min@example.org"]


def test_international_addresses(serve: Callable[..., int]) -> None:
    """A Chinese domain travels in ASCII; a Chinese local part needs SMTPUTF8, which the server announces."""
    mailbox = Mailbox()
    sender = notifier(serve(mailbox, enable_SMTPUTF8=True))
    sender.deliver(replace(NOTICE, to=Recipient(address="min@例子.中国")))
    sender.deliver(replace(NOTICE, to=Recipient(address="赵敏@example.org")))
    assert [envelope.rcpt_tos for envelope in mailbox.taken] == [["min@xn--fsqu00a.xn--fiqs8s"], ["赵敏@example.org"]]


def test_an_international_address_needs_a_server_that_knows_it(serve: Callable[..., int]) -> None:
    """Without SMTPUTF8, a local part in Chinese is an error for a person and not a crash."""
    with pytest.raises(NoticeError, match="other letters than ASCII"):
        notifier(serve(Mailbox(), enable_SMTPUTF8=False)).deliver(
            replace(NOTICE, to=Recipient(address="赵敏@example.org"))
        )


class Kept:
    """A notifier that remembers."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def deliver(self, notice: Notice) -> None:
        """Remember the notice."""
        self.notices.append(notice)


def test_other_channels_go_to_the_fallback() -> None:
    """A letter never touches the mail server."""
    kept = Kept()
    fallback: Notifier = kept
    letter = replace(NOTICE, channel="letter")
    notifier(free_port(), fallback=fallback).deliver(letter)
    notifier(free_port()).deliver(letter)
    assert kept.notices == [letter]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + built.public_bytes(serialization.Encoding.PEM))
    return file


def server_tls(certificate: Path) -> ssl.SSLContext:
    """The server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def accept(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    """Let in one user."""
    wanted = isinstance(data, LoginPassword) and (data.login, data.password) == (b"complaints", b"secret")
    return AuthResult(success=wanted, handled=wanted)


def test_starttls_and_login(serve: Callable[..., int], certificate: Path) -> None:
    """With a server that demands encryption and a password, the notice arrives; with a wrong password it waits."""
    mailbox = Mailbox()
    port = serve(
        mailbox, tls_context=server_tls(certificate), require_starttls=True, auth_required=True, authenticator=accept
    )
    trust = ssl.create_default_context(cafile=str(certificate))
    notifier(port, starttls=True, context=trust, username="complaints", password="secret").deliver(NOTICE)
    assert len(mailbox.taken) == 1
    with pytest.raises(DeliveryDelayed, match="535"):
        notifier(port, starttls=True, context=trust, username="complaints", password="wrong").deliver(NOTICE)


def test_tls_is_verified_and_demanded(serve: Callable[..., int], certificate: Path) -> None:
    """Nothing is sent to a server whose certificate is not trusted, nor to one that cannot encrypt."""
    strange, plain = Mailbox(), Mailbox()
    with pytest.raises(DeliveryDelayed, match="certificate"):
        notifier(serve(strange, tls_context=server_tls(certificate)), starttls=True).deliver(NOTICE)
    with pytest.raises(DeliveryDelayed, match="STARTTLS"):
        notifier(serve(plain), starttls=True).deliver(NOTICE)
    assert strange.taken == plain.taken == []


def test_tls_from_the_first_byte(serve: Callable[..., int], certificate: Path) -> None:
    """A server that speaks TLS at once (port 465) is served with ``tls=True``."""
    mailbox = Mailbox()
    port = serve(mailbox, ssl_context=server_tls(certificate))
    notifier(port, tls=True, context=ssl.create_default_context(cafile=str(certificate))).deliver(NOTICE)
    assert len(mailbox.taken) == 1


def test_settings_that_cannot_work_are_refused_at_once() -> None:
    """A sender without address, and a password in the clear, are refused before the first notice."""
    with pytest.raises(ValueError, match="not an e-mail address"):
        SmtpNotifier("mail.example.org", sender="Complaints")
    with pytest.raises(ValueError, match="unencrypted"):
        SmtpNotifier("mail.example.org", sender="a@example.org", username="a", password="b", starttls=False)
