"""What a policy file says that can be read, and still cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from complaintflow.check.finding import WARNING, Finding, guarded

if TYPE_CHECKING:
    from complaintflow.policy.policy import Policy


def stated(policy: Policy) -> Iterator[Finding]:
    """A country whose days off nobody knows, and headings with nothing under them."""

    def country() -> Iterator[Finding]:
        policy.look_up_country()
        yield from ()

    yield from guarded("policy.toml", country)
    for heading, where in policy.bare_headings():
        advice = "uncomment or write what it is to say, or delete it"
        yield Finding(WARNING, f"nothing stands under {heading}", where, advice)
