"""The operator's side of the facade: cases stand still and go on, incidents are tried again many at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from complaintflow.errors import ComplaintflowError
from complaintflow.facade.keeping import Keeping
from complaintflow.records import dataclass
from complaintflow.values import variables

if TYPE_CHECKING:
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Case, Incident
    from complaintflow.migration.batch import Migration

# More incidents than anybody looks at; a store hands out one page of them unless it is told otherwise.
_ALL: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Retried:
    """What came of trying again.

    Attributes:
        resolved: ids of the incidents that were cleared; a case may have stopped again since.
        refused: id of each that was not, and why.
    """

    resolved: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


class Resolving(Protocol):
    """Whose incidents are tried again: an engine, or one person's desk."""

    def resolve(self, incident: str, *, actor: str | None = None) -> Case:
        """Clear an incident."""


def retry_all(
    hand: Resolving, incidents: Iterable[str], actor: str | None, on_progress: Callable[[int], None] | None = None
) -> Retried:
    """Clear each incident, one command each: one that cannot be cleared does not keep the others."""
    resolved: list[str] = []
    refused: list[tuple[str, str]] = []
    for count, incident in enumerate(incidents, 1):
        try:
            hand.resolve(incident, actor=actor)
            resolved.append(incident)
        except ComplaintflowError as error:
            refused.append((incident, error.what))
        if on_progress is not None:
            on_progress(count)
    return Retried(tuple(resolved), tuple(refused))


class Operating(Keeping):
    """What an operator can do with an engine, which is one of these."""

    def suspend(self, case_id: str, reason: str, *, actor: str | None = None) -> Case:
        """Let a case stand still: see ``complaintflow.work.suspension`` for what that means.

        Args:
            case_id: the case, or a beginning of its id.
            reason: kept in the history.
            actor: who; without one it is the operator, whom the policy's ``[access.suspend]`` is not asked for.

        Raises:
            UnknownCase, CaseEnded: there is nothing to suspend.
            InvalidData: no reason is given.
            AccessDenied: the actor may not.
        """
        from complaintflow.work import suspension

        suspension.suspend(self._work, found := self._whole_id(case_id), reason, actor)
        return self.case(found)

    def resume(self, case_id: str, reason: str = "", *, actor: str | None = None) -> Case:
        """Let a suspended case go on; what came due meanwhile is due now, and ready jobs run before this returns.

        Raises:
            UnknownCase, CaseEnded: there is nothing to resume.
            CaseError: it is not suspended.
            AccessDenied: the actor may not.
        """
        from complaintflow.work import suspension

        suspension.resume(self._work, found := self._whole_id(case_id), reason, actor)
        cast("Engine", self).settle(found)
        return self.case(found)

    def retry(
        self,
        *incidents: str | Incident,
        kind: str | None = None,
        process: str | None = None,
        actor: str | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> Retried:
        """Try again where cases stopped, with fresh attempts: what ``resolve`` does, for many.

        Args:
            incidents: these; none means all that are open.
            kind: only incidents of this kind, such as "job".
            process: only of cases of this process.
            actor: who.
            on_progress: called with the number tried so far.
        """
        wanted = [one if isinstance(one, str) else one.id for one in incidents]
        if not wanted or kind is not None or process is not None:
            named = frozenset(wanted)
            with self.store.reading() as tx:
                wanted = [
                    row.id
                    for row in tx.incidents(limit=_ALL)
                    if (not named or row.id in named)
                    and kind in (None, row.kind)
                    and (process is None or tx.case(row.case_id).process == process)
                ]
        return retry_all(cast("Engine", self), wanted, actor, on_progress)

    def migrate(
        self,
        process: str,
        *,
        cases: Collection[str] | None = None,
        version: str = "",
        to: str | None = None,
        mapping: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        accept_missing: bool = False,
        dry_run: bool = False,
        actor: str | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> Migration:
        """Move running cases to another version of their definition: see ``complaintflow.migration``.

        Each case that may is moved in a transaction of its own, suspended ones too. Whatever is wrong with one case
        leaves the others alone, and calling again goes on where it stopped. Who may do so is not asked of a policy: it
        is for whoever may change definitions.

        Args:
            process: whose cases.
            cases: only these, by id or a beginning of it.
            version: only cases whose definition's digest begins so.
            to: the digest of a definition that some case of the store runs on; default: what the layers have now.
            mapping: old element id -> new one, where they differ; "process/id" names the element of one process.
            data: variables for cases that have none of the name, set in the outermost scope.
            accept_missing: move cases too that lack data which the new way reads.
            dry_run: only say what would become of each position.
            actor: who, for the history.
            on_progress: called with the number of cases looked at so far.

        Raises:
            UnknownProcess, DefinitionError: the new definition. UnknownCase: one of the cases.
            MissingHandler: the new definition needs a handler that is not registered.
            InvalidData: the mapping names elements that are not there, or the data cannot be stored.
            StoreUnavailable: the store does not answer any more.
        """
        from complaintflow.migration.operation import migrate  # most programs have no use for it

        chosen = None if cases is None else [self._whole_id(one) for one in cases]
        return migrate(
            self._work,
            process,
            newest=cast("Engine", self)._with_handlers,
            cases=chosen,
            version=version,
            to=to,
            mapping=mapping or {},
            data=variables(data or {}, "data of the migration"),
            accept_missing=accept_missing,
            dry_run=dry_run,
            actor=actor,
            on_progress=on_progress,
        )
