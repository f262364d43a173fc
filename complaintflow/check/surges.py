"""What surges begin: is the process there?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from complaintflow.check.finding import ERROR, Finding

if TYPE_CHECKING:
    from complaintflow.check.facts import Facts


def surges(facts: Facts, find: Callable[[str], str | None]) -> Iterator[Finding]:
    """An error for each surge of the policy that begins a process which no layer has.

    Args:
        find: gives the file of a process; None where there is none.
    """
    policy = facts.policy
    for name, surge in policy.surges.items() if policy is not None else ():
        if policy is not None and find(surge.starts) is None:
            what = f"the surge '{name}' begins the process '{surge.starts}', which is not there"
            yield Finding(ERROR, what, policy.place("surges", name, "starts"), "draw it, or name another process")
