"""The policies of one bundle: its own, and those of processes it calls that belong to another written policy.

A folder's ``policy.toml`` says by its id which policy it belongs to. A called process of another policy keeps its
own numbers, roles and deadlines: the caller's entries do not reach it, nor its entries the caller. A folder without
an id of its own, ``shared`` among them, runs under the policy of whoever calls it.

Deadlines of another policy are known by a qualified name, ``hr/reply``, so that two policies may both have a ``reply``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Final

from complaintflow.definition.layers import SHARED
from complaintflow.errors import InvalidPolicy
from complaintflow.policy.format import Deadline
from complaintflow.policy.policy import Policy, stated_id
from complaintflow.time.calendar import WorkingCalendar

_NO_POLICY: Final = '[policy]\nid = "{0}"\ntitle = "{0}"\nsource = "none"\n'


class Policies:
    """The policies of a bundle by id.

    Args:
        home: the folder of the process that a case starts with; its policy is the bundle's own.
        files: path -> bytes of the policy files, layers numbered: ``processes/hr/0.policy.toml`` is the nearest.
        origin: path -> name of the layer it came from, for messages.

    Attributes:
        own: the id of the bundle's own policy.
    """

    def __init__(self, home: str, files: Mapping[str, bytes], origin: Mapping[str, str]) -> None:
        self._home = home
        self._files = {path: source for path, source in files.items() if path.endswith("policy.toml")}
        self._origin = origin
        self._policies: dict[str, Policy] = {}
        self._contexts: dict[str, dict[str, Any]] = {}
        self._calendars: dict[str, WorkingCalendar] = {}
        self._governing: dict[str, str | None] = {}

    @cached_property
    def _ids(self) -> dict[str, str]:
        """Folder -> the policy id that its files state. Raises InvalidPolicy: one is not TOML."""
        found: dict[str, str] = {}
        # The farthest layer says whose policy a folder is; a nearer one that disagrees is refused by the merge.
        for path in sorted(self._files, key=_depth, reverse=True):
            stated = stated_id(*self._text(path))
            if stated is not None:
                found.setdefault(_folder(path), stated)
        return found

    @cached_property
    def own(self) -> str:
        """See the class."""
        return self._ids.get(self._home, self._home)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """All policies of the bundle, its own first."""
        others = {stated for folder, stated in self._ids.items() if folder != SHARED} - {self.own}
        return (self.own, *sorted(others))

    def governing(self, path: str) -> str | None:
        """The policy that a file of the bundle belongs to; None: that of whoever calls or uses it."""
        if path not in self._governing:
            self._governing[path] = self._stated(path)
        return self._governing[path]

    def _stated(self, path: str) -> str | None:
        folder = PurePosixPath(path).parts[1] if path.count("/") > 1 else ""
        if folder == self._home:
            return self.own
        stated = None if folder == SHARED else self._ids.get(folder)
        return stated if stated in self.ids else None

    def of(self, policy_id: str) -> Policy:
        """A policy, layers merged over the shared values.

        Raises:
            InvalidPolicy: the files cannot be used.
        """
        if policy_id not in self._policies:
            paths = [path for path in self._files if self._belongs(path, policy_id)]
            paths.sort(key=self._distance, reverse=True)
            # A diagram from elsewhere need not come with a policy file.
            texts = [self._text(path) for path in paths] or [(_NO_POLICY.format(policy_id), "policy.toml")]
            self._policies[policy_id] = Policy.merge(texts)
        return self._policies[policy_id]

    def context(self, policy_id: str) -> dict[str, Any]:
        """What expressions of that policy's processes read as ``policy``."""
        if policy_id not in self._contexts:
            self._contexts[policy_id] = dict(self.of(policy_id).as_context())
        return self._contexts[policy_id]

    def calendar(self, policy_id: str) -> WorkingCalendar:
        """What the policy's deadlines are counted on; where it says nothing about it, the bundle's own does."""
        if policy_id not in self._calendars:
            options = {**self.of(self.own).calendar_options(), **self.of(policy_id).calendar_options()}
            self._calendars[policy_id] = WorkingCalendar(**options)
        return self._calendars[policy_id]

    # -- deadlines --------------------------------------------------------------------------

    def qualified(self, policy_id: str, deadline: str) -> str:
        """The name of a deadline in rows, history and messages."""
        return deadline if policy_id == self.own else f"{policy_id}/{deadline}"

    def split(self, name: str) -> tuple[str, str]:
        """Policy id and deadline of a qualified name."""
        policy_id, _, deadline = name.rpartition("/")
        return policy_id or self.own, deadline

    def deadline(self, name: str) -> Deadline:
        """The deadline of a qualified name. Raises InvalidPolicy: there is none."""
        policy_id, deadline = self.split(name)
        return self.of(policy_id).deadline(deadline)

    def around(self, name: str) -> str | None:
        """The qualified name of the promise around a deadline."""
        policy_id, deadline = self.split(name)
        outer = self.of(policy_id).deadline(deadline).inside
        return self.qualified(policy_id, outer) if outer is not None else None

    @cached_property
    def pauses(self) -> bool:
        """Whether any deadline of the bundle stands still in some state of the case."""
        return any(entry.pauses_in for one in self.ids for entry in self.of(one).deadlines.values())

    # -- files ------------------------------------------------------------------------------

    def _belongs(self, path: str, policy_id: str) -> bool:
        folder = _folder(path)
        return folder == SHARED or self._ids.get(folder, self.own) == policy_id

    def _distance(self, path: str) -> tuple[int, str, int]:
        """How far a policy file is: the own folder's nearest layer first, then called ones, shared values last."""
        folder = _folder(path)
        room = 0 if folder == self._home else 2 if folder == SHARED else 1
        return room, folder, _depth(path)

    def _text(self, path: str) -> tuple[str, str]:
        """A file's text, and the name its author knows: in a bundle each layer's policy file carries its number."""
        name = PurePosixPath(path).with_name("policy.toml").as_posix()
        layer = self._origin.get(path)
        try:
            return self._files[path].decode("utf-8-sig"), f"{layer}/{name}" if layer else name
        except UnicodeDecodeError as problem:
            raise InvalidPolicy(f"the file is not UTF-8: {problem}", where=path, advice="save it as UTF-8") from None


def _folder(path: str) -> str:
    return PurePosixPath(path).parent.name


def _depth(path: str) -> int:
    number = PurePosixPath(path).name.partition(".")[0]
    return int(number) if number.isdigit() else 0
