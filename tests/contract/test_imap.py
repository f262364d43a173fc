"""A mailbox for complaints, on a real IMAP server on loopback."""

from __future__ import annotations

import imaplib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from complaintflow import Engine
from complaintflow.adapters.imap import Mailbox
from complaintflow.ports import ChannelDown, check_channels
from tests.planted import told

USER, PASSWORD = "demouser", "demopass"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a pymap server with an empty inbox."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = int(free.getsockname()[1])
    program = shutil.which("pymap", path=str(Path(sys.executable).parent))
    assert program is not None, "pymap is not installed: pip install -e '.[test]'"
    command = [program, "--host", "127.0.0.1", "--port", str(number), "--no-tls", "--no-service", "admin",
               "--no-service", "managesieve", "dict", "--demo-data"]  # fmt: skip
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_it_listens(number, server)
        yield number
    finally:
        server.terminate()
        server.wait()


def _wait_until_it_listens(port: int, server: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        assert server.poll() is None, "the IMAP server ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            continue
        return
    raise AssertionError("the IMAP server does not listen")


@pytest.fixture
def box(port: int) -> Mailbox:
    """The mailbox, emptied."""
    with imaplib.IMAP4("127.0.0.1", port) as connection:
        connection.login(USER, PASSWORD)
        connection.select("INBOX")
        connection.store("1:*", "+FLAGS", r"(\Deleted)")
        connection.expunge()
    return Mailbox(
        "127.0.0.1",
        USER,
        PASSWORD,
        process="customer",
        subject_words=["Complaint report", "投诉举报"],
        port=port,
        tls=False,
    )


def post(box: Mailbox, subject: str, text: str, *, message_id: str = "<1@example.com>", attach: bool = False) -> None:
    """Put a mail into the box."""
    mail = EmailMessage()
    mail["From"] = "Zhao Min <zhao.min@example.com>"
    mail["Subject"] = subject
    mail["Date"] = "Mon, 02 Mar 2026 09:00:00 +0800"
    mail["Message-ID"] = message_id
    mail.set_content(text)
    if attach:
        mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="receipt.pdf")
    with imaplib.IMAP4(box.host, box.port) as connection:
        connection.login(USER, PASSWORD)
        connection.append("INBOX", "", None, mail.as_bytes())  # type: ignore[arg-type]


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine on SQLite in memory."""
    with Engine("sqlite://") as found:
        yield found


def test_a_fitting_subject_starts_a_case(box: Mailbox, engine: Engine) -> None:
    """A subject with the agreed words, in any case and language, starts the procedure (WB-2.1.a WB-2.1.b WB-2.1.c)."""
    post(box, "Re: COMPLAINT REPORT on the soup", "It was cold.\n\nTwice.", attach=True)
    post(box, "投诉举报：汤是凉的", "汤是凉的。", message_id="<2@example.com>")
    poll = box.poll(engine)
    assert len(poll.started) == 2
    case = engine.case(poll.started[0])
    assert case.variables["channel"] == "email"
    assert case.variables["content"] == "It was cold.\n\nTwice."
    assert case.variables["reporter"]["email"] == "zhao.min@example.com"
    assert case.variables["evidence"] == "receipt.pdf"
    assert case.variables["received_at"].startswith("2026-03-02T09:00:00")


def test_another_subject_goes_to_a_person(box: Mailbox, engine: Engine) -> None:
    """A mail that does not fit becomes a quick note for the desk, not silence (WB-2.1.b)."""
    post(box, "Hello", "The hall was cold.")
    poll = box.poll(engine)
    assert poll.started == []
    assert engine.case(poll.notes[0]).waiting_for == ["sort"]


def test_a_mail_is_taken_once(box: Mailbox, engine: Engine) -> None:
    """A second look finds nothing new, and the same mail in another copy is known."""
    post(box, "Complaint report", "It was cold.")
    assert len(box.poll(engine).started) == 1
    assert box.poll(engine).started == []
    post(box, "Complaint report", "It was cold.")
    again = box.poll(engine)
    assert (again.started, again.known) == ([], 1)
    assert len(engine.cases()) == 1


def test_an_anonymous_mailbox_keeps_nothing_of_the_sender(box: Mailbox, engine: Engine) -> None:
    """Subject and text are all that a case has of a mail, and the mail is gone once it is taken (HR-2.2.1)."""
    secret = Mailbox(box.host, USER, PASSWORD, process="hr", subject_words=["complaint report"], port=box.port,
                     tls=False, anonymous=True)  # fmt: skip
    post(box, "Complaint report", "They take money.", attach=True)
    post(box, "Hello", "They take more.", message_id="<2@example.com>", attach=True)
    poll = secret.poll(engine)
    assert (len(poll.started), len(poll.notes)) == (1, 1)
    for case_id in (*poll.started, *poll.notes):
        known = told(engine.case(case_id))
        assert "They take mo" in known
        for trace in ("zhao", "Zhao", "example.com", "09:00:00+08:00", "receipt.pdf", "mail-"):
            assert trace not in known, trace
    with imaplib.IMAP4(box.host, box.port) as connection:
        connection.login(USER, PASSWORD)
        assert connection.select("INBOX")[1] == [b"0"]


def test_a_dead_channel_is_seen(box: Mailbox) -> None:
    """The check of channels names the one that does not answer or refuses the log-in (HR-2.1.2)."""
    wrong = Mailbox(box.host, USER, "wrong", process="customer", subject_words=["x"], port=box.port, tls=False)
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = free.getsockname()[1]
    dead = Mailbox(box.host, USER, PASSWORD, process="customer", subject_words=["x"], port=nobody, tls=False)
    assert [state.alive for state in check_channels([box, wrong, dead])] == [True, False, False]
    with pytest.raises(ChannelDown):
        dead.check()
