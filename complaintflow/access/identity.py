"""Who somebody is, and which groups they belong to.

``Identity`` is the port; it asks what a directory (LDAP, Entra, Keycloak) answers: a person by id, the members of a
group. ``StaticIdentity`` keeps both in a TOML file:

    [people.li-wei]
    name = "Li Wei"
    groups = ["reporting-office"]
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from complaintflow.errors import InvalidIdentity
from complaintflow.records import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works with cases.

    Attributes:
        id: what they sign in with, and what stands in history.
        name: what others call them; a complaint against them may name it.
        groups: the groups they belong to, as the policy's roles name them.
    """

    id: str
    name: str
    groups: frozenset[str]

    def called(self, text: str) -> bool:
        """Whether somebody who writes ``text`` means this person.

        Generous, since a complaint is not written by clerks: the id or the name whatever the capitals, with the words
        in any order, and a full name with something around it ("Manager Li Wei", "王小明经理").
        """
        said, name = _words(text), _words(self.name)
        if said and said in (_words(self.id), name):
            return True
        if len(name) > 1 and set(name) <= set(said):
            return True
        whole = "".join(name)
        return len(whole) > 1 and not whole.isascii() and whole in "".join(said)


class Identity(Protocol):
    """Where people and groups come from. It is asked within transactions: let an adapter keep its answers a while."""

    def person(self, actor: str) -> Person | None:
        """The person with this id, or None: then the actor may do nothing."""

    def members(self, group: str) -> Iterable[Person]:
        """Everybody in a group."""


class StaticIdentity:
    """People and groups that are known beforehand.

    Args:
        people: all of them.

    Raises:
        InvalidIdentity: two have the same id.
    """

    def __init__(self, people: Iterable[Person]) -> None:
        self._people: dict[str, Person] = {}
        for person in people:
            if person.id in self._people:
                raise InvalidIdentity(f"two people have the id '{person.id}'")
            self._people[person.id] = person

    @classmethod
    def load(cls, path: str | Path) -> StaticIdentity:
        """Read a TOML file, see above.

        Raises:
            InvalidIdentity: it is not there, or holds something else.
        """
        where = str(path)
        try:
            table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InvalidIdentity("there is no such file", where=where) from None
        except (OSError, ValueError) as error:
            raise InvalidIdentity(f"it cannot be read: {error}", where=where) from None
        people = table.pop("people", None)
        if table or not isinstance(people, dict) or not people:
            raise InvalidIdentity("it needs tables [people.<id>], and nothing else", where=where)
        return cls(_read(name, entry, where) for name, entry in people.items())

    def person(self, actor: str) -> Person | None:
        """See ``Identity``."""
        return self._people.get(actor)

    @property
    def ids(self) -> list[str]:
        """The ids of everybody."""
        return list(self._people)

    def members(self, group: str) -> list[Person]:
        """See ``Identity``."""
        return [person for person in self._people.values() if group in person.groups]


def _read(name: str, entry: object, where: str) -> Person:
    if isinstance(entry, dict) and entry.keys() <= {"name", "groups"}:
        groups, shown = entry.get("groups", []), entry.get("name", name)
        if isinstance(shown, str) and isinstance(groups, list) and all(isinstance(group, str) for group in groups):
            return Person(name, shown, frozenset(groups))
    raise InvalidIdentity(f"the entry of '{name}' has something else than a name and a list of groups", where=where)


def _words(text: str) -> list[str]:
    """Letters and digits only, in one width and without capitals."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter if letter.isalnum() else " " for letter in plain).split()
