"""By which way a person is told: the one they prefer, if it can be gone."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from complaintflow.records import dataclass

CHANNELS = ("email", "sms", "phone", "letter", "portal", "in_person")
COLLECTION = "collection"  # kept until somebody comes for it

_CONTACTS = {"email": "email", "sms": "phone", "phone": "phone", "letter": "address"}


@dataclass(frozen=True, slots=True)
class Choice:
    """The channel for a person.

    ``address`` is what the channel needs; ``reason`` says why it is not the preferred one.
    """

    channel: str
    address: str = ""
    reason: str = ""


def choose_channel(reporter: Mapping[str, object], available: Collection[str] = CHANNELS) -> Choice:
    """How to reach a person: as they prefer, if that is possible.

    Args:
        reporter: ``preferred_channel``, ``email``, ``phone`` and ``address`` as given at intake; all may be missing or
            empty.
        available: the channels that the organisation serves.

    Returns:
        the preferred channel if it is served and its contact is known (portal and in person need none); else the first
        of e-mail, SMS, phone and letter for which that holds; else `COLLECTION`: the notice is kept until the person
        comes for it. ``reason`` is empty if a wish is met, or if there was none and the person can be reached.
    """
    wish = _contact(reporter, "preferred_channel").lower()
    missing = _obstacle(wish, reporter, available) if wish else ""
    if wish and not missing:
        return Choice(wish, _contact(reporter, _CONTACTS.get(wish, "")))
    for channel, contact in _CONTACTS.items():
        if not _obstacle(channel, reporter, available):
            return Choice(channel, _contact(reporter, contact), missing)
    return Choice(COLLECTION, "", missing or "there is no way to reach the person: the notice is kept for collection")


def _contact(reporter: Mapping[str, object], name: str) -> str:
    value = reporter.get(name) if name else ""
    return value.strip() if isinstance(value, str) else ""


def _obstacle(channel: str, reporter: Mapping[str, object], available: Collection[str]) -> str:
    """Why the channel cannot be used for the person; empty if it can."""
    if channel not in available:
        return f"the preferred channel '{channel}' is not served"
    needed = _CONTACTS.get(channel)
    if needed and not _contact(reporter, needed):
        return f"the preferred channel '{channel}' lacks the person's {needed}"
    return ""
