"""Complaints from web forms and social platforms over HTTP: an ASGI application.

    hook = Webhook(engine, {"customer": None, "whistleblower": b"shared secret"})
    app.mount("/complaints", hook)              # FastAPI, Starlette; or serve it by itself

``POST /<process>`` with a JSON object (or an HTML form, whose names may be dotted: ``reporter.name``) starts a
case. A process with a secret wants the header ``X-Signature: sha256=<hex>``, the HMAC-SHA-256 of the body. The header
``Idempotency-Key`` makes a repeated delivery harmless. Nothing of the request is kept but its body and a digest of that
key: no address, no user agent, no other header. Whoever reports without a name finds a ``receipt`` in the answer, where
the policy gives receipts; it must be shown to them, for it is said once.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from complaintflow.errors import ComplaintflowError, DuplicateKey, InvalidData, StoreError, UnknownProcess

if TYPE_CHECKING:
    from complaintflow.ports import CaseStarter

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_BYTES: Final = 1_000_000


class _Refused(Exception):
    def __init__(self, status: int, what: str, **more: Any) -> None:
        self.status = status
        self.body = {"error": what} | more
        super().__init__(what)


class Webhook:
    """An ASGI application that starts cases.

    Args:
        starter: an ``Engine``.
        processes: the process ids it serves, each with the secret that signs requests, or None.
        channel: what the payload's ``channel`` is when the sender does not say.
        max_bytes: of a request's body.
    """

    def __init__(
        self,
        starter: CaseStarter,
        processes: Mapping[str, bytes | None],
        *,
        channel: str = "web",
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.starter = starter
        self.processes = dict(processes)
        self.channel = channel
        self.max_bytes = max_bytes

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request; other kinds of scopes than HTTP are not ours."""
        if scope["type"] != "http":
            return
        try:
            status, body = await self._answer(scope, receive)
        except _Refused as refused:
            status, body = refused.status, refused.body
        content = json.dumps(body, ensure_ascii=False).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, scope: MutableMapping[str, Any], receive: Receive) -> tuple[int, dict[str, Any]]:
        process = scope["path"].removeprefix(scope.get("root_path", "")).strip("/")
        if process not in self.processes:
            raise _Refused(404, "no such process here")
        if scope["method"] != "POST":
            raise _Refused(405, "send the complaint with POST")
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        content = await self._content(headers, receive)
        self._check_signature(process, headers, content)
        payload = {"channel": self.channel} | _payload(headers.get("content-type", ""), content)
        # Hashed: what a stranger sends must not become the key of somebody else's case.
        given = headers.get("idempotency-key")
        key = "web-" + hashlib.sha256(f"{process}\n{given}".encode()).hexdigest()[:40] if given else None
        return await asyncio.to_thread(self._start, process, payload, key)

    async def _content(self, headers: Mapping[str, str], receive: Receive) -> bytes:
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > self.max_bytes:
            raise _Refused(413, f"at most {self.max_bytes} bytes")
        content = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Refused(400, "the request broke off")
            content += message.get("body", b"")
            if len(content) > self.max_bytes:
                raise _Refused(413, f"at most {self.max_bytes} bytes")
            more = message.get("more_body", False)
        return bytes(content)

    def _check_signature(self, process: str, headers: Mapping[str, str], content: bytes) -> None:
        secret = self.processes[process]
        if secret is None:
            return
        expected = "sha256=" + hmac.new(secret, content, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), headers.get("x-signature", "").encode()):
            raise _Refused(401, "the signature does not fit the body")

    def _start(self, process: str, payload: dict[str, Any], key: str | None) -> tuple[int, dict[str, Any]]:
        try:
            # Nobody of ours files it: whoever sends it without a name gets a receipt.
            case = self.starter.start(process, payload, key=key)
        except InvalidData as error:
            problems = [{"field": field, "problem": sentence} for field, sentence in error.problems]
            raise _Refused(422, error.what, problems=problems) from None
        except DuplicateKey:
            return 200, {"status": "received before"}
        except UnknownProcess as error:
            raise _Refused(404, error.what) from None
        except StoreError:
            raise _Refused(503, "not now; please send it again") from None
        except ComplaintflowError:
            # What is wrong with our definitions is not the sender's business.
            raise _Refused(500, "the complaint could not be taken; please use another channel") from None
        receipt = {"receipt": case.receipt} if case.receipt is not None else {}
        return 201, {"case": case.id, "status": case.status, **receipt}


def _payload(content_type: str, content: bytes) -> dict[str, Any]:
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            data = json.loads(content)
        elif kind == "application/x-www-form-urlencoded":
            data = _nested(parse_qsl(content.decode(), keep_blank_values=False, max_num_fields=1000))
        else:
            raise _Refused(415, "send application/json or application/x-www-form-urlencoded")
    except (ValueError, RecursionError):
        raise _Refused(400, "the body does not parse") from None
    if not isinstance(data, dict):
        raise _Refused(422, "the body is not an object with named fields")
    return data


def _nested(fields: list[tuple[str, str]]) -> dict[str, Any]:
    """``reporter.name=x`` as ``{"reporter": {"name": "x"}}``."""
    data: dict[str, Any] = {}
    for name, value in fields:
        *path, last = name.split(".")
        place = data
        for step in path:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                raise ValueError(name)
        place[last] = value
    return data
