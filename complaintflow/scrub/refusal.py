"""Why a file cannot be given away without what it tells of its maker."""

from __future__ import annotations


class Unscrubbed(Exception):
    """No copy can be made that is known to identify nobody. ``advice`` says what the reporter can do instead."""

    def __init__(self, what: str, advice: str) -> None:
        self.advice = advice
        super().__init__(what)


class Broken(Unscrubbed):
    """The file is not what it begins as, so nobody knows what is in it."""

    def __init__(self, what: str) -> None:
        super().__init__(what, "open it, save it anew, and send that")
