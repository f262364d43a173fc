"""``complaintflow surge``: similar complaints now, and in past cases."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from complaintflow.cli.data import write_json
from complaintflow.cli.look import Cell, aside, at, cell, dim, say, table
from complaintflow.cli.session import ACTING, Session, command, json_option
from complaintflow.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from complaintflow.facade.engine import Engine
    from complaintflow.facade.surging import PastSurge, Window

_WORDS = {
    "en": {
        "no window": "No complaints that surges look at lie within their windows.",
        "no surge": "There would have been no surge.",
        "now": ("SURGE", "OF", "NOW", "ALLOWED", "SINCE", "CASE"),
        "past": ("SURGE", "OF", "BEGAN", "OVER", "COUNT", "PEAK", "CASE"),
        "waits": "not begun yet",
        "would": "These are the surges that today's policy finds in past cases. Nothing was begun.",
        "other": "A case is named where one was begun at the time.",
        "zone": "times in {zone}",
    },
    "zh": {
        "no window": "目前没有落入统计窗口的同类投诉。",
        "no surge": "没有发现投诉激增。",
        "now": ("规则", "同类", "现有", "上限", "开始", "案件"),
        "past": ("规则", "同类", "开始", "结束", "触发时", "最高", "案件"),
        "waits": "尚未启动",
        "would": "以上是按现行制度在以往案件中发现的投诉激增，未启动任何流程。",
        "other": "当时已启动案件的，列出案件编号。",
        "zone": "时区：{zone}",
    },
}  # fmt: skip


@command("surge", shown=ACTING)
@click.argument("policy", required=False)
@click.option("--replay", is_flag=True, help="Say what would have been found in past cases; nothing is begun.")
@click.option("--since", metavar="TIME", help="With --replay: surges that lasted then or later (2026-07-01).")
@click.option("--until", metavar="TIME", help="With --replay: of what was known before then.")
@json_option
def surge_command(
    session: Session, policy: str | None, replay: bool, since: str | None, until: str | None, as_json: bool
) -> None:
    """Show how many similar complaints there are now; with --replay, the surges in past cases.

    With POLICY only those of that policy. A day begins at midnight in the policy's zone. docs/surges.md says what a
    surge is.
    """
    if (since or until) and not replay:
        raise click.UsageError("--since and --until go with --replay")
    language = "zh" if session.tongue == "zh" else "en"
    with session.engine(reading=True) as engine:
        hand = session.hand(engine)
        if replay:
            first, last = (_time(engine, policy, text) for text in (since, until))
            past = hand.replay_surges(policy, since=first, until=last)
            if as_json:
                write_json([asdict(one) for one in past])
            else:
                _print_past(past, engine, language)
            return
        now = hand.surges(policy)
        if as_json:
            write_json([{**asdict(one), "within": one.within.total_seconds()} for one in now])
        else:
            _print_now(now, engine, language)


def _time(engine: Engine, policy: str | None, text: str | None) -> datetime | None:
    """A day or a time as it was typed."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"'{text}' is no time: write 2026-07-01 or 2026-07-01T09:00:00+08:00") from None
    if moment.tzinfo is not None:
        return moment
    if policy is None:
        raise click.UsageError(f"'{text}' needs a zone: name the POLICY, or write 2026-07-01T00:00:00+08:00")
    return moment.replace(tzinfo=_zone(engine, policy))


def _zone(engine: Engine, policy: str) -> tzinfo:
    try:
        return (engine.settings.calendar or engine.library.newest(policy).calendar).zone
    except DefinitionError:
        return UTC


def _print_now(found: Sequence[Window], engine: Engine, language: str) -> None:
    words: Mapping[str, Any] = _WORDS[language]
    if not found:
        say(words["no window"])
        return
    rows: list[list[Cell]] = []
    for one in found:
        over = one.began is not None
        since = at(one.began, _zone(engine, one.policy), language) if one.began is not None else ""
        rows.append(
            [
                cell(f"{one.policy}/{one.name}", bold=True),
                cell(_of(one.of)),
                cell(one.count, bold=over),
                cell(one.more_than, dim=True),
                cell(since),
                cell((one.case[:8] if one.case else words["waits"]) if over else "", dim=not over),
            ]
        )
    table(words["now"], rows, indent="  ", shrink=1)
    _print_zones([one.policy for one in found if one.began is not None], engine, words)


def _print_past(found: Sequence[PastSurge], engine: Engine, language: str) -> None:
    words: Mapping[str, Any] = _WORDS[language]
    if not found:
        say(words["no surge"])
        return
    rows: list[list[Cell]] = []
    for one in found:
        zone = _zone(engine, one.policy)
        rows.append(
            [
                cell(f"{one.policy}/{one.name}", bold=True),
                cell(_of(one.of)),
                cell(at(one.began, zone, language)),
                cell(at(one.over, zone, language)),
                cell(one.count),
                cell(one.peak, dim=True),
                cell(one.case[:8] if one.case else ""),
            ]
        )
    table(words["past"], rows, indent="  ", shrink=1)
    _print_zones([one.policy for one in found], engine, words)
    aside(words["would"])
    if any(one.case for one in found):
        aside(words["other"])


def _print_zones(policies: Sequence[str], engine: Engine, words: Mapping[str, Any]) -> None:
    """The zone of the times above; of each policy, where they differ."""
    zones = {policy: str(_zone(engine, policy)) for policy in policies}
    if not zones:
        return
    each = ", ".join(f"{zone} ({policy})" for policy, zone in zones.items())
    say(dim("  " + words["zone"].format(zone=each if len(set(zones.values())) > 1 else next(iter(zones.values())))))


def _of(values: Mapping[str, str]) -> str:
    return " · ".join(values.values())
