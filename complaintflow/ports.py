"""Ports for what surrounds a case before it exists: channels, and what people can read before they complain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from complaintflow.errors import ComplaintflowError
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.facade.views import Case


class CaseStarter(Protocol):
    """What an intake adapter needs of an engine."""

    def start(
        self, process: str, payload: Mapping[str, Any], *, key: str | None = None, actor: str | None = None
    ) -> Case:
        """See ``Engine.start``."""


class ChannelDown(ComplaintflowError):
    """A channel for complaints does not answer (HR-2.1.2)."""

    advice = "tell whoever runs the channel, and say publicly which others are open"


class Channel(Protocol):
    """A way complaints come in that can be asked whether it is alive (HR-2.1.2)."""

    @property
    def name(self) -> str:
        """For people."""

    def check(self) -> None:
        """Raises ChannelDown."""


@dataclass(frozen=True, slots=True)
class ChannelState:
    """The answer of one channel; ``problem`` is empty when it is alive."""

    name: str
    problem: str

    @property
    def alive(self) -> bool:
        """Whether complaints can come in this way."""
        return not self.problem


def check_channels(channels: Sequence[Channel]) -> list[ChannelState]:
    """Ask every channel, the dead ones included (HR-2.1.2: all channels open at any time)."""
    states = []
    for channel in channels:
        try:
            channel.check()
        except ChannelDown as down:
            states.append(ChannelState(channel.name, down.what))
        else:
            states.append(ChannelState(channel.name, ""))
    return states


@dataclass(frozen=True, slots=True)
class Article:
    """Something to read that may spare a complaint (HR-5c.2.1.2)."""

    title: str
    text: str
    address: str = ""


class KnowledgeBase(Protocol):
    """What people can look up before they complain (HR-5c.2.1.2). The question is never kept."""

    def search(self, question: str, *, language: str = "en", limit: int = 5) -> list[Article]:
        """The articles that fit best, the best first."""
