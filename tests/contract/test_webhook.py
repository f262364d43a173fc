"""Complaints over HTTP, through a real server on loopback."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from complaintflow import Engine
from complaintflow.adapters.webhook import Webhook
from tests.planted import told

SECRET = b"a shared secret"
COMPLAINT = {"content": "The parcel was opened.", "reporter": {"name": "Zhao Min", "email": "zhao.min@example.com"}}


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine on SQLite in memory."""
    with Engine("sqlite://") as found:
        yield found


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    """A client of a running server that serves two processes, one of them signed."""
    with serving(Webhook(engine, {"customer": None, "quick-note": SECRET}, max_bytes=20_000)) as found:
        yield found


@contextmanager
def serving(hook: Webhook) -> Iterator[httpx.Client]:
    """A client of a running server."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(hook, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    port = listener.getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as found:
        yield found
    server.should_exit = True
    thread.join()


def test_a_json_complaint_becomes_a_case(client: httpx.Client, engine: Engine) -> None:
    """A posted object starts a case on the web channel."""
    answer = client.post("/customer", json=COMPLAINT)
    assert answer.status_code == 201
    case = engine.case(answer.json()["case"])
    assert case.variables["channel"] == "web"
    assert case.variables["reporter"]["name"] == "Zhao Min"


def test_an_html_form_becomes_a_case(client: httpx.Client, engine: Engine) -> None:
    """A plain form with dotted names starts a case too."""
    fields = {"content": "It was cold.", "reporter.name": "Zhao Min", "channel": "social"}
    answer = client.post("/customer", data=fields)
    assert answer.status_code == 201
    case = engine.case(answer.json()["case"])
    assert (case.variables["reporter"]["name"], case.variables["channel"]) == ("Zhao Min", "social")


def test_a_repeated_delivery_is_taken_once(client: httpx.Client, engine: Engine) -> None:
    """The same Idempotency-Key starts one case, however often it comes."""
    answers = [client.post("/customer", json=COMPLAINT, headers={"Idempotency-Key": "17"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert len(engine.cases()) == 1


def test_only_a_signed_request_is_heard(client: httpx.Client, engine: Engine) -> None:
    """Where a secret is set, a wrong or missing signature is refused before anything is parsed."""
    body = json.dumps(COMPLAINT).encode()
    header = {"content-type": "application/json"}
    good = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    assert client.post("/quick-note", content=body, headers=header).status_code == 401
    wrong = header | {"X-Signature": good[:-1] + "x"}
    assert client.post("/quick-note", content=body, headers=wrong).status_code == 401
    assert client.post("/quick-note", content=body, headers=header | {"X-Signature": good}).status_code == 201
    assert len(engine.cases()) == 1


@pytest.mark.parametrize(
    ("path", "content", "kind", "status"),
    [
        ("/customer", b"{}", "application/json", 422),
        ("/customer", b"[]", "application/json", 422),
        ("/customer", b"{", "application/json", 400),
        ("/customer", b"[" * 15_000, "application/json", 400),
        ("/customer", b"x" * 30_000, "application/json", 413),
        ("/customer", b"<a/>", "text/xml", 415),
        ("/customer", b'{"content": "x", "surprise": 1}', "application/json", 422),
        ("/whistleblower", b"{}", "application/json", 404),
        ("/../customer/x", b"{}", "application/json", 404),
    ],
)
def test_bad_requests_get_one_clear_answer(
    client: httpx.Client, engine: Engine, path: str, content: bytes, kind: str, status: int
) -> None:
    """What cannot be taken is answered with its reason, and no case is written."""
    answer = client.post(path, content=content, headers={"content-type": kind})
    assert answer.status_code == status
    assert answer.json()["error"]
    assert engine.cases() == []


def test_reading_is_not_offered(client: httpx.Client) -> None:
    """Only POST is served."""
    assert client.get("/customer").status_code == 405


def test_an_anonymous_report_leaves_nothing_of_its_sender(tmp_path: Path) -> None:
    """No header and no address is in the database, opened or not, and the answer has the receipt."""
    with (
        Engine(f"sqlite:///{tmp_path}/cases.db") as engine,
        serving(Webhook(engine, {"whistleblower": None})) as client,
    ):
        headers = {"User-Agent": "Trace-Agent/1", "X-Forwarded-For": "203.0.113.7", "Referer": "https://trace.example",
                   "Cookie": "trace=1", "Idempotency-Key": "trace-key", "Accept-Language": "x-trace"}  # fmt: skip
        answer = client.post("/whistleblower", json={"content": "The buyer takes money."}, headers=headers)
        receipt = answer.json()["receipt"]
        assert engine.reporter(receipt).progress().status == "active"
        case = engine.case(answer.json()["case"])
        known = told(case).encode()
        assert b"takes money" in known
        named = client.post("/whistleblower", json=COMPLAINT)
        assert "receipt" not in named.json()
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for trace in (*headers.values(), "127.0.0.1", "httpx", receipt):
        assert trace.encode() not in known + stored, trace
