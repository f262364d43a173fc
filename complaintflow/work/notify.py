"""The handler for jobs of type ``notify``: render a notice, hand it to the notifier, keep it.

The element's headers say which: ``notice`` is the template's name; ``to`` is ``reporter``,
``role:<policy role>`` or ``group:<variable>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from complaintflow.access.seals import masked
from complaintflow.case.places import notice_place
from complaintflow.errors import NoticeError
from complaintflow.notices.notices import Notice, Notifier, Recipient, choose_channel
from complaintflow.records import dataclass
from complaintflow.store.rows import JobRow, NoticeRow

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Token
    from complaintflow.case.live import LiveCase


@dataclass(frozen=True, slots=True)
class Notify:
    """Sends notices through a notifier."""

    TYPE: ClassVar[str] = "notify"

    notifier: Notifier

    def send(self, live: LiveCase, token: Token, job: JobRow) -> NoticeRow:
        """Deliver the notice that the token stands for, and return the row that keeps it.

        Raises:
            NoticeError: it cannot be rendered, or its recipient is unknown or can never be reached.
            DeliveryDelayed: try again later.
        """
        notice = self._render(live, token, job)
        self.notifier.deliver(notice)
        content = live.codec.encode(notice_place(token.id), _as_json(notice))
        return NoticeRow(live.row.id, token.id, notice.name, notice.channel, live.now, content)

    def _render(self, live: LiveCase, token: Token, job: JobRow) -> Notice:
        node = token.task_spec
        name = node.headers.get("notice", "")
        values = {**token.variables.ambient, **token.variables.visible()}
        recipient, channel, language = _recipient(token, node.headers.get("to", "reporter"), values, node.where)
        template = live.bundle.notices_of(token.variables.policy_id).template(name, language)
        if recipient.group:
            audience = live.permit.audience(recipient.group)
            recipient = replace(recipient, group=audience.group, only=audience.only)
            # Whoever reads it there may not be among those whom the policy opens sealed values to.
            hidden = live.permit.sealed(but=live.permit.granted(recipient.group))
        else:
            hidden = _others(live, values.get("reporter"))
        values = {**token.variables.ambient, **masked(token.variables.visible(), hidden)}
        if not recipient.group and hidden:
            values["reporter"] = token.variables.get("reporter")
        values |= {"recipient": {"person": recipient.person, "group": recipient.group}}
        values |= {"deadline": token.variables.functions["deadline"]}
        values |= {"now": live.now.astimezone(live.calendar.zone), "language": language}
        rendered = template.render(values, zone=live.calendar.zone)
        return Notice(
            id=job.key,
            case_id=live.row.id,
            name=name,
            language=template.language,
            to=recipient,
            channel=channel,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            created_at=live.now,
            key=job.key,
        )

    @staticmethod
    def read(content: Mapping[str, Any]) -> Notice:
        """A notice as it was kept."""
        known = dict(content)
        known["to"] = Recipient(**{**known["to"], "only": tuple(known["to"].get("only", ()))})
        known["created_at"] = datetime.fromisoformat(known["created_at"])
        return Notice(**known)


def _as_json(notice: Notice) -> dict[str, Any]:
    to = notice.to
    return {
        "id": notice.id,
        "case_id": notice.case_id,
        "name": notice.name,
        "language": notice.language,
        "to": {"person": to.person, "group": to.group, "address": to.address, "only": list(to.only)},
        "channel": notice.channel,
        "subject": notice.subject,
        "text": notice.text,
        "html": notice.html,
        "created_at": notice.created_at.isoformat(),
        "key": notice.key,
    }


def _others(live: LiveCase, addressee: object) -> frozenset[str]:
    """What is sealed and not the addressee's own: a letter may go to somebody else than who complained."""
    outermost = live.game.top.scope.variables.get("reporter")
    names = [one.get("name") if isinstance(one, Mapping) else None for one in (addressee, outermost)]
    if names[0] == names[1]:
        return frozenset()
    own = {str(value) for value in addressee.values()} if isinstance(addressee, Mapping) else set()
    return live.permit.sealed() - own


def _recipient(token: Token, to: str, values: Mapping[str, Any], where: str) -> tuple[Recipient, str, str]:
    """Who gets it, by which channel, in which language."""
    policy = token.variables.ambient["policy"]
    texts = policy.get("texts", {})
    if to == "reporter":
        reporter = values.get("reporter")
        choice = choose_channel(reporter if isinstance(reporter, Mapping) else {})
        person = str((reporter or {}).get("name") or "") if isinstance(reporter, Mapping) else ""
        language = str(values.get("language") or texts.get("language") or "en")
        return Recipient(person=person, address=choice.address), choice.channel, language
    kind, _, name = to.partition(":")
    group: Any = None
    if kind == "role":
        group = policy["roles"].get(name)
    elif kind == "group":
        group = values
        for part in name.split("."):
            group = group.get(part) if isinstance(group, Mapping) else None
    if not isinstance(group, str) or not group:
        raise NoticeError(
            f"the notice goes to '{to}', which names nobody here",
            where=where,
            advice="write reporter, role:<a role of the policy file> or group:<a variable that holds a group>",
        )
    return Recipient(group=group), "portal", str(texts.get("staff_language") or "en")
