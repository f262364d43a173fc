"""One case under a new definition: its marking, its book, and the rows that name an element.

Rows keep what they have, as in Camunda: due dates, candidates, assignees, job types, names of messages. Forms, headers,
mappings, conditions and policy values are the new definition's as soon as they are read. Attached events and event
sub-processes that are new begin to wait now; those that are gone stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from complaintflow.bpmn.activities import Activity
from complaintflow.bpmn.compensation import Undo
from complaintflow.bpmn.marking import freeze, thaw
from complaintflow.bpmn.token import BEGIN
from complaintflow.case.live import LiveCase
from complaintflow.errors import EvaluationError, InvalidPolicy
from complaintflow.migration.ahead import Ahead
from complaintflow.migration.mapping import Places, Plan
from complaintflow.migration.positions import MISSING, SAFE, Standing, leaving, standings
from complaintflow.records import dataclass
from complaintflow.store.parking import Parked, park, parked
from complaintflow.store.rows import BundleRow, Change, TaskRow

if TYPE_CHECKING:
    from complaintflow.bpmn.program import FlowSpec
    from complaintflow.bpmn.scope import Scope
    from complaintflow.bpmn.token import Flow, Token
    from complaintflow.case.live import Settings
    from complaintflow.definition.definition import Bundle
    from complaintflow.store.port import Transaction


@dataclass(frozen=True, slots=True)
class Move:
    """From one definition to another.

    Attributes:
        target: where to.
        settings: what all cases of the engine share.
        plan: which element is which.
        data: variables that a case gets in its outermost scope where it has none of the name.
        accept_missing: move cases too that lack data.
        ahead: the ways through the target.
        stored: the target as it is stored with a case.
    """

    target: Bundle
    settings: Settings
    plan: Plan
    data: Mapping[str, Any]
    accept_missing: bool
    ahead: Ahead
    stored: BundleRow


def move(tx: Transaction, old: LiveCase, before: Ahead, how: Move) -> tuple[list[Standing], Change | None]:
    """Judge every position of a case; where all may go, the change that moves it.

    Nothing is written here: whoever only rehearses throws the change away.
    """
    places = Places(how.target.program, how.plan)
    found = list(standings(old, places))
    for token in leaving(old, places):
        _remark_end(token, found)
        token.cancel()
    if all(not one.blocked for one, _ in found):
        _look_ahead(tx, old, found, before, how)
    judged = [one for one, _ in found]
    allowed = (SAFE, MISSING) if how.accept_missing else (SAFE,)
    if any(one.verdict not in allowed for one in judged):
        return judged, None
    new = _reopened(old, how)
    given = {name: value for name, value in how.data.items() if name not in new.game.top.scope.variables}
    _note(new, old.row.bundle, how, given)
    known = {how.plan.node(spec.process_id, name) for spec, name in _names(old)}
    try:
        _arm(new, known)
        new.game.settle()
    except EvaluationError as error:
        judged.append(Standing(old.row.process, "", "", blocked=[error.what]))
        return judged, None
    for number, stuck in new.game.stuck.items():
        node = new.game.token(number).task_spec
        judged.append(Standing(node._wf_spec.process_id, node.bpmn_id, node.label, missing=[stuck.message]))
    if any(one.verdict not in allowed for one in judged):
        return judged, None
    change = _change(tx, new)
    change.bundle = how.stored
    return judged, change


def _note(new: LiveCase, before: str, how: Move, given: dict[str, Any]) -> None:
    """Set what the case is given, and write down from where to where it went."""
    new.game.top.scope.take(given)
    new.permit.seal(given)
    said: dict[str, Any] = {"from": before, "to": how.target.digest}
    if how.plan.ids:
        said["map"] = dict(how.plan.ids)
    if given:
        said["data"] = given
    new.record("migrated", None, **said)


def _names(live: LiveCase) -> Iterator[tuple[FlowSpec, str]]:
    """Every node of the definition that a case has."""
    for spec in live.bundle.program.flows.values():
        yield from ((spec, str(name)) for name in spec.task_specs)


def _remark_end(token: Token, found: list[tuple[Standing, Token | None]]) -> None:
    host = token.host
    text = f"'{token.task_spec.label}' is not waited for any more"
    for one, at in found:
        if at is host and (host is not None or one.process == token.workflow.spec.process_id):
            one.remarks.append(text)
            return


# -- what is missing -----------------------------------------------------------------------------


def _look_ahead(
    tx: Transaction, old: LiveCase, found: list[tuple[Standing, Token | None]], before: Ahead, how: Move
) -> None:
    places = Places(how.target.program, how.plan)
    decided = set(old.ledger["decided"])
    standing = [(one, token, places.node(token.workflow.spec, token.task_spec.name)) for one, token in found if token]
    for _, _, node in standing:
        decided |= how.ahead.decides(node) if node is not None else set()
    groups = {row.token: row.groups for row in (*tx.tasks(case_id=old.row.id), *parked(old.ledger).tasks)}
    roles = [{role.group for role in bundle.policy.roles.values()} for bundle in (old.bundle, how.target)]
    for one, token, node in standing:
        if node is None or node.aside:
            continue
        known = before.names(token.task_spec) | set(token.variables)
        if _outermost(token) is old.game.top.scope:
            known |= how.data.keys()
        one.missing += [
            f"'{reader.label}' reads '{name}', which the case lacks" for name, reader in how.ahead.missed(node, known)
        ]
        one.missing += [
            f"'{teller.label}' depends on the decision '{decision}', which is behind and was not made"
            for decision, teller in how.ahead.promises(node).items()
            if decision not in decided and decision not in before.promises(token.task_spec)
        ]
        one.missing += [
            f"no role of the policy is the group '{group}' any more"
            for group in groups.get(token.id, ())
            if group in roles[0] - roles[1]
        ]
        deadline = token.internal_data.get("deadline", [None])[0]
        if deadline is not None and not _has_deadline(how.target, deadline):
            one.missing.append(f"the policy has no deadline '{deadline}' any more")
    for name in {*old.ledger["promised"], *(one[0] for one in old.ledger.get("due", {}).values())}:
        if not _has_deadline(how.target, name) and found:
            found[0][0].missing.append(f"the policy has no deadline '{name}' any more, and the case promised it")


def _outermost(token: Token) -> Scope:
    scope = token.variables
    while scope.parent is not None:
        scope = scope.parent
    return scope


def _has_deadline(bundle: Bundle, name: str) -> bool:
    try:
        bundle.policies.deadline(name)
    except (InvalidPolicy, KeyError):
        return False
    return True


# -- the new form --------------------------------------------------------------------------------


def _reopened(old: LiveCase, how: Move) -> LiveCase:
    """The case as it is, playing on the new diagrams."""
    row = old.row._replace(bundle=how.target.digest)
    ledger = old.ledger
    if "done" in ledger:
        ledger["done"] = {how.plan.node(old.row.process, name): people for name, people in ledger["done"].items()}
    new = LiveCase(row, how.target, how.settings, old.codec, old.now, old.actor, ledger)
    new.large = old.large
    new._stored_tasks, new.stored_history = old._stored_tasks, old.stored_history
    new.game = thaw(_translated(old, Places(how.target.program, how.plan)), how.target.program, new.host)
    new.game.closed = old.game.closed
    # Scopes of tokens that have left are in the old game alone; what they had stored apart goes with them.
    new.game.scopes.woken += old.game.scopes.woken
    for number, token in new.game.watch.tokens.items():
        if old.game.token(number).task_spec.trigger.formula.text != token.task_spec.trigger.formula.text:
            new.game.watch.fresh.append(token)  # Another condition: it is asked as when it began to wait.
    for scope in new.game.scopes.values():
        # What the new forms seal is known as sealed from now on, though it came in before.
        new.permit.seal(scope.variables)
    return new


def _translated(old: LiveCase, places: Places) -> dict[str, Any]:
    """The marking with the names of the new diagrams."""
    flows = [old.game.top, *old.game.flows.values()]  # which wakes them: freeze would leave those that sleep packed
    marking = freeze(old.game)
    marking["scopes"] = [
        [scope.number, scope.parent.number if scope.parent is not None else 0, scope.variables]
        for scope in old.game.scopes.values()
    ]
    marking["flows"] = [_flow(flow, row, places) for flow, row in zip(flows, marking["flows"], strict=True)]
    return marking


def _flow(flow: Flow, row: list[Any], places: Places) -> list[Any]:
    number, _, scope, owns, _, tokens, *_ = row
    spec, plan = flow.spec, places.plan
    process = spec.process_id
    tokens = [
        [one, plan.node(process, name), host, own, phase, _internal(flow.tasks[one], data, plan) if data else 0]
        for one, name, host, own, phase, data in tokens
    ]
    joins, resets = (
        {plan.node(process, name): _counts(spec, name, counts, places) for name, counts in kept.items()}
        for kept in (flow.joins, flow.resets)
    )
    moved = [number, plan.flow(spec.name), scope, owns, joins, tokens]
    rare = {"undo": _records(spec, flow.undo, plan), "resets": resets}
    return [*moved, {name: kept for name, kept in rare.items() if kept}] if any(rare.values()) else moved


def _counts(spec: FlowSpec, name: str, counts: list[int], places: Places) -> list[int]:
    """What each incoming flow has brought, in the order of the new diagram."""
    node, new = spec.task_specs[name], places.node(spec, name)
    brought = {edge.id: counts[edge.index] for edge in node.incoming}
    return [brought.get(edge.id, 0) for edge in new.incoming] if new is not None else counts


def _internal(token: Token, data: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """What a token remembers, with the names of the new diagrams."""
    spec: Any = getattr(token.task_spec, "inner", None) or token.workflow.spec
    process, moved = spec.process_id, dict(data)
    for key in ("element", "start"):
        if isinstance(moved.get(key), str):
            moved[key] = plan.node(process, moved[key])
    for key in ("queue", "offers"):
        if key in moved:
            moved[key] = [plan.node(process, name) for name in moved[key]]
    if "task" in moved:  # of a listener of a task that was cancelled
        moved["task"] = {**moved["task"], "from": plan.flow(moved["task"]["from"])}
    if "records" in moved:
        moved["records"] = _records(spec, moved["records"], plan)
    if "rounds" in moved:
        moved["rounds"] = [[variables, _records(spec, records, plan)] for variables, records in moved["rounds"]]
    return moved


def _records(spec: Any, records: list[list[Any]], plan: Plan) -> list[list[Any]]:
    moved = []
    for name, *rounds in records:
        inner = getattr(spec.task_specs[name], "inner", None)
        kept = [[[variables, _records(inner, below, plan)] for variables, below in one] for one in rounds]
        moved.append([plan.node(spec.process_id, name), *kept])
    return moved


def _arm(live: LiveCase, known: set[str]) -> None:
    """Let the attached events and event sub-processes wait that the old diagrams did not have."""
    game = live.game
    for flow in (game.top, *list(game.flows.values())):
        opened = flow.host is None or not (flow.is_activation or isinstance(flow.host.task_spec, Undo))
        for body in flow.spec.event_subprocesses if opened and not flow.interrupted else ():
            if body.armed is not None and body.armed.name not in known:
                game.spawn(flow, body.armed)
        for token in list(flow.tokens):
            node = token.task_spec
            if isinstance(node, Activity) and token.phase == BEGIN and not token.is_iteration:
                for event in node.boundary:
                    if event.trigger is not None and event.trigger.armed and event.name not in known:
                        game.host_token(token, event)


def _renamed(rows: Iterable[Any], live: LiveCase) -> list[Any]:
    """The rows whose element has another id, with the new one; tasks all, for they name the definition too."""
    found = ((row, live.token(row.token)) for row in rows)
    return [
        row._replace(element=token.task_spec.bpmn_id, **_definition(row, live))
        for row, token in found
        if token is not None and (isinstance(row, TaskRow) or token.task_spec.bpmn_id != row.element)
    ]


def _definition(row: Any, live: LiveCase) -> dict[str, str]:
    return {"bundle": live.row.bundle} if isinstance(row, TaskRow) else {}


def _change(tx: Transaction, live: LiveCase) -> Change:
    """The step, and each row anew whose element has another id."""
    case_id, kept = live.row.id, parked(live.ledger)
    if live.suspended:
        before = (kept.tasks, kept.timers, kept.jobs)
        tasks, timers, jobs = ({row.token: row for row in (*rows, *_renamed(rows, live))}.values() for rows in before)
        park(live.ledger, Parked(list(tasks), list(timers), list(jobs)))
    live.reassigned += _renamed(tx.tasks(case_id=case_id), live)
    change = Parked(timers=_renamed(tx.timers(case_id), live), jobs=_renamed(tx.jobs(case_id), live)).joined(
        live.change()
    )
    heard = _renamed(tx.subscriptions(case_id), live)
    change.subscriptions += [row for row in heard if row.token not in change.closed_subscriptions]
    stuck = _renamed(tx.incidents(case_id), live)
    change.incidents += [row for row in stuck if row.token not in change.closed_incidents]
    return change
