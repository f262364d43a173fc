"""Surges in an engine: begun upon once, whoever commits and whoever dies, and the same in the replay."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy.orm import Session

from complaintflow.access.identity import Person, StaticIdentity
from complaintflow.adapters.sql import SqlStore
from complaintflow.errors import AccessDenied, InvalidData, InvalidPolicy
from complaintflow.facade.engine import Engine
from complaintflow.policy.policy import Policy
from complaintflow.sealing.keys import KeyRing
from complaintflow.time.clock import VirtualClock
from tests import diagrams as d
from tests.surge_cases import FIRST, engine, file, plans, policy, procedure

DAY = timedelta(hours=24)
TICK = timedelta(microseconds=1)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Engine]:
    """The procedure on an empty database."""
    with engine(tmp_path) as made:
        yield made


def clock(engine: Engine) -> VirtualClock:
    """The engine's clock, to be moved."""
    return cast("VirtualClock", engine.clock)


def test_the_sixth_begins_the_plan_and_the_seventh_does_not(shop: Engine) -> None:
    """One case begins with the sixth complaint, is told which, and has run its jobs when the command returns."""
    filed = [file(shop) for _ in range(5)]
    assert plans(shop) == []
    filed.append(file(shop))
    (begun,) = plans(shop)
    case = shop.case(begun)
    assert case.waiting_for == ["act"]
    told = case.variables["surge"]
    assert told["of"] == {"type": "late", "department": "kitchen"}
    assert (told["count"], told["name"], sorted(told["cases"])) == (6, "similar", sorted(filed))
    assert case.variables["seen"] == "6 of late"
    file(shop)
    shop.drain()
    assert plans(shop) == [begun]


def test_others_are_not_similar(shop: Engine) -> None:
    """Five of each of several kinds and places, and any number of which it is not known where, are no surge."""
    for kind, place in (("late", "kitchen"), ("late", "hall"), ("cold", "kitchen")):
        for _ in range(5):
            file(shop, kind, place)
    for _ in range(7):
        file(shop, place=None)
    shop.drain()
    assert plans(shop) == []


@pytest.mark.parametrize(("late", "number"), [(timedelta(0), 1), (TICK, 0)])
def test_the_edge_of_the_window(shop: Engine, late: timedelta, number: int) -> None:
    """A sixth complaint exactly 24 hours after the first makes a surge, and one a microsecond later does not."""
    for _ in range(5):
        file(shop)
    clock(shop).advance(DAY + late)
    file(shop)
    assert len(plans(shop)) == number


def test_a_second_surge_has_its_own_case(shop: Engine) -> None:
    """A surge lasts as long as the window stays above five; after it fell to five the next one begins another case."""
    for _ in range(12):
        file(shop)
        clock(shop).advance(timedelta(hours=4))
    assert len(plans(shop)) == 1, "six or seven in each window of 24 hours"
    clock(shop).advance(timedelta(hours=4))
    file(shop)
    assert len(plans(shop)) == 2, "five and this one, eight hours after the last: it fell and rose"


def test_a_case_counts_when_all_its_facts_are_known(shop: Engine) -> None:
    """Cases of unknown place count from when somebody says where, however old they are."""
    old = [file(shop, place=None) for _ in range(6)]
    clock(shop).advance(timedelta(days=30))
    for case_id in old:
        shop.case(case_id).complete("look", {"place": {"group": "hall"}})
    (begun,) = plans(shop)
    assert shop.case(begun).variables["surge"]["of"]["department"] == "hall"


def test_a_correction_takes_a_case_along(shop: Engine) -> None:
    """A case that turns out to be of another kind leaves its group and counts in the other from then on."""
    wrong = file(shop, "cold")
    for _ in range(4):
        file(shop)
    shop.case(wrong).complete("look", {"kind": "late"})
    assert plans(shop) == []
    for _ in range(5):
        file(shop, "cold")
    assert plans(shop) == [], "the corrected one counts there no more"
    file(shop)
    assert len(plans(shop)) == 1


def test_a_case_that_comes_back_counts_from_when_it_first_was_there(tmp_path: Path) -> None:
    """A correction that is taken back does not make an old complaint a new one."""
    twice = d.flows("start > look > again > end")
    shop_ = d.document(d.process(d.start(), d.user("look"), d.user("again"), d.end(), twice, name="shop"))
    procedure(tmp_path)
    (tmp_path / "processes" / "shop" / "shop.bpmn").write_text(shop_, encoding="utf-8")
    with Engine("sqlite://", layers=[tmp_path], clock=VirtualClock(FIRST), keys=KeyRing.fresh()) as shop:
        old = file(shop)
        clock(shop).advance(timedelta(hours=20))
        shop.case(old).complete("look", {"kind": "cold"})
        clock(shop).advance(timedelta(hours=1))
        shop.case(old).complete("again", {"kind": "late"})
        told = [event.value.partition(" ")[0] for event in shop.history(old) if event.event == "alike" and event.value]
        assert told[0] == told[2] < told[1]
        clock(shop).advance(timedelta(hours=2))
        for _ in range(4):
            file(shop)
        assert plans(shop) == []
        assert [one.count for one in shop.surges()] == [5]
        clock(shop).advance(timedelta(hours=2))
        file(shop)
        assert plans(shop) == [], "25 hours after the first"


def test_a_clock_that_lags_behind_changes_nothing(tmp_path: Path) -> None:
    """What commits later with an earlier time makes a surge of its moment, or joins the one that is there."""
    database, keys = f"sqlite:///{tmp_path / 'shop.db'}", KeyRing.fresh()
    with (
        engine(tmp_path, None, database, keys=keys) as ahead,
        engine(tmp_path, None, database, keys=keys) as behind,
    ):
        for _ in range(5):
            file(ahead)
        clock(ahead).advance(DAY + timedelta(seconds=10))
        clock(behind).advance(DAY)
        file(ahead)
        assert plans(ahead) == []
        file(behind)
        assert len(plans(ahead)) == 1, "six within exactly 24 hours, though one of a later time was there already"
        for _ in range(4):
            file(ahead, "cold")
        for engine_, number in ((ahead, 1), (ahead, 2), (behind, 2)):
            file(engine_, "cold")
            assert len(plans(ahead)) == number, "its beginning moves back, and it is answered all the same"
        ahead.drain()
        behind.drain()
        assert len(plans(ahead)) == 2
        assert len(ahead.replay_surges("shop")) == 2


def test_cancelled_cases_count(shop: Engine) -> None:
    """Who takes a complaint back has made it all the same."""
    for _ in range(5):
        shop.cancel(file(shop), "withdrawn")
    file(shop)
    assert len(plans(shop)) == 1


def test_what_a_surge_begins_does_not_count(tmp_path: Path) -> None:
    """A plan under the complaints' own policy, with their facts, is in no window, live or in the replay."""
    text = policy(starts="shop").replace('"kind"\nkind', '"get or else(kind, surge.of.type)"\nkind')
    text = text.replace('"place.group"', '"get or else(place.group, surge.of.department)"')
    with engine(tmp_path, text) as shop:
        for _ in range(6):
            file(shop)
        (begun,) = [case.id for case in shop.cases(process="shop") if str(case.key).startswith("surge-")]
        facts = [event.value for event in shop.history(begun) if event.event == "fact"]
        assert facts == ["late", "kitchen"], "it has the facts all the same"
        (window,) = shop.surges()
        assert (window.count, window.case) == (6, begun)
        assert [past.peak for past in shop.replay_surges("shop")] == [6]


def test_several_surges_of_one_policy_and_a_layer_that_changes_one(tmp_path: Path) -> None:
    """Each surge has its own window; an organisation's layer may replace a number."""
    by_kind = (
        '[surges.kind]\nof = ["type"]\nmore_than = 2\nwithin = "7 days"\nstarts = "plan"\n'
        'clause = "T-2"\nfrom = "document"\n'
    )
    procedure(tmp_path / "base", policy(extra=by_kind))
    nearer = tmp_path / "near" / "processes" / "shop"
    nearer.mkdir(parents=True)
    (nearer / "policy.toml").write_text("[surges.similar]\nmore_than = 1\n", encoding="utf-8")
    layers = [tmp_path / "near", tmp_path / "base"]
    with Engine("sqlite://", layers=layers, clock=VirtualClock(FIRST), keys=KeyRing.fresh()) as shop:
        file(shop, place="kitchen")
        file(shop, place="hall")
        assert plans(shop) == []
        file(shop, place="kitchen")
        names = [shop.case(one).variables["surge"]["name"] for one in plans(shop)]
        assert sorted(names) == ["kind", "similar"]


def test_who_dies_between_commit_and_look_is_made_up_for(shop: Engine) -> None:
    """A worker that comes later begins upon the surge, once; also when it was over by then."""
    watch, shop._work.watch = shop._work.watch, None
    for _ in range(6):
        file(shop)
    shop._work.watch = watch
    assert plans(shop) == []
    clock(shop).advance(timedelta(days=3))
    shop.worker().beat()
    assert len(plans(shop)) == 1
    clock(shop).advance(timedelta(minutes=1))
    shop.worker().beat()
    shop.drain()
    assert len(plans(shop)) == 1


def test_a_surge_goes_on_after_a_worker_that_was_late(shop: Engine) -> None:
    """Whoever finds a surge that somebody answers already begins nothing, though it looks from another moment."""
    for _ in range(40):
        file(shop)
        clock(shop).advance(timedelta(hours=3))
    assert len(plans(shop)) == 1, "it has lasted five days"
    shop._watch._swept = None
    shop.drain()
    assert len(plans(shop)) == 1


def test_the_hosts_transaction_is_looked_at_after_its_commit(tmp_path: Path) -> None:
    """Complaints filed in a transaction of the host begin nothing before the commit, and one case by the next drain."""
    with engine(tmp_path, database=f"sqlite:///{tmp_path / 'shop.db'}") as shop:
        with Session(cast("SqlStore", shop.store).engine) as session, session.begin():
            inside = shop.using(session)
            for _ in range(6):
                inside.start("shop", {"kind": "late", "place": {"group": "kitchen"}})
        assert plans(shop) == []
        shop.drain()
        assert len(plans(shop)) == 1


def test_a_plan_that_cannot_begin_is_told_once_and_begun_later(tmp_path: Path, caplog: Any) -> None:
    """Complaints are filed all the same, the log names the missing process once, and it begins when it is there."""
    text, keys = policy(starts="elsewhere"), KeyRing.fresh()
    database = f"sqlite:///{tmp_path / 'shop.db'}"
    with engine(tmp_path, text, database, keys=keys) as shop:
        for _ in range(8):
            file(shop)
        shop.drain()
        assert len(shop.cases()) == 8
    said = [record for record in caplog.records if getattr(record, "event", "") == "surge-unanswered"]
    assert ["elsewhere" in record.getMessage() for record in said] == [True]
    plan = d.document(d.process(d.start(), d.user("act"), d.end(), d.flows("start > act > end"), name="elsewhere"))
    d.layer(tmp_path, plan, name="elsewhere")
    with engine(tmp_path, text, database, keys=keys, clock=VirtualClock(FIRST + DAY * 3)) as shop:
        shop.drain()
        assert [case.waiting_for for case in shop.cases(process="elsewhere")] == [["act"]]


@pytest.mark.parametrize("broken", ["[surges.x", "[surges.x]\nmore_than = 0\n"])
def test_a_policy_that_cannot_be_used_keeps_no_worker_from_the_others(tmp_path: Path, broken: str) -> None:
    """A policy file that is wrong has no surges; those of the other policies are begun upon."""
    procedure(tmp_path)
    d.layer(
        tmp_path, d.document(d.process(d.start(), d.end(), d.flows("start > end"), name="b")), name="b", policy=broken
    )
    with Engine("sqlite://", layers=[tmp_path], clock=VirtualClock(FIRST), keys=KeyRing.fresh()) as shop:
        watch, shop._work.watch = shop._work.watch, None
        for _ in range(6):
            file(shop)
        shop._work.watch = watch
        shop.drain()
        assert len(plans(shop)) == 1
        assert [one.name for one in shop.surges()] == ["similar"]


def test_shredded_cases_still_count(tmp_path: Path) -> None:
    """Windows and replay need no content: what was destroyed counts as before."""
    keep = '[retention.case]\nkeep = "0 days"\nclause = "T-1"\nfrom = "document"\n'
    with engine(tmp_path, policy(within="7 days", extra=keep)) as shop:
        for _ in range(5):
            shop.case(file(shop)).complete("look", {})
        for _ in range(5):
            clock(shop).advance(timedelta(days=1, minutes=1))
            shop.purge()
        assert {case.status for case in shop.cases(process="shop")} == {"shredded"}
        file(shop)
        assert len(plans(shop)) == 1
        assert [past.count for past in shop.replay_surges()] == [6]


def test_the_replay_finds_what_was_begun(tmp_path: Path) -> None:
    """Of two months of complaints the replay names the very surges that cases were begun upon, and begins nothing."""
    chosen = random.Random(8)
    with engine(tmp_path, policy(more_than=3, within="12 hours")) as shop:
        for _ in range(400):
            clock(shop).advance(timedelta(minutes=chosen.choice([5, 30, 200, 700])))
            case_id = file(shop, chosen.choice(["late", "cold"]), chosen.choice(["kitchen", "hall", None]))
            if chosen.random() < 0.3:
                clock(shop).advance(timedelta(minutes=2))
                shop.case(case_id).complete("look", {"kind": "late", "place": {"group": "kitchen"}})
        begun = plans(shop)
        past = shop.replay_surges("shop")
        assert len(begun) > 5
        assert [one.case for one in past] == begun
        for one in past:
            told = shop.case(str(one.case)).variables["surge"]
            assert (told["of"], told["count"], tuple(told["cases"])) == (one.of, one.count, one.cases)
            assert datetime.fromisoformat(told["first_at"]) <= one.began < one.over
        assert plans(shop) == begun
        third = past[3]
        assert shop.replay_surges("shop", since=third.over)[0].began > third.began
        assert [one.began for one in shop.replay_surges("shop", until=third.began)] == [one.began for one in past[:3]]


def test_the_replay_asks_what_another_number_would_have_found(tmp_path: Path) -> None:
    """Cases of a time without surges are counted by a policy that has them now."""
    base, near = procedure(tmp_path / "base"), tmp_path / "near" / "processes" / "shop"
    text = (base / "processes" / "shop" / "policy.toml").read_text(encoding="utf-8")
    without, _, surge = text.partition("[surges.similar]")
    (base / "processes" / "shop" / "policy.toml").write_text(without, encoding="utf-8")
    keys, database = KeyRing.fresh(), f"sqlite:///{tmp_path / 'shop.db'}"
    with Engine(database, layers=[base], clock=VirtualClock(FIRST), keys=keys) as shop:
        for _ in range(4):
            file(shop)
        assert (shop.surges(), shop.replay_surges("shop")) == ([], [])
    near.mkdir(parents=True)
    near.joinpath("policy.toml").write_text(f"[surges.similar]{surge.replace('= 5', '= 3')}", encoding="utf-8")
    with Engine(database, layers=[tmp_path / "near", base], clock=VirtualClock(FIRST), keys=keys) as shop:
        (past,) = shop.replay_surges()
        assert (past.count, past.case) == (4, None)
        shop.drain()
        assert plans(shop) == [], "what is past is not begun upon because a number has changed"


def test_windows_are_those_of_now(shop: Engine) -> None:
    """The fullest comes first; what is older than the window is not in it, and a surge names its case."""
    file(shop, "cold")
    clock(shop).advance(timedelta(hours=20))
    for _ in range(6):
        file(shop)
    full, little = shop.surges("shop")
    assert (full.of["type"], full.count, full.case, full.began) == ("late", 6, plans(shop)[0], clock(shop).now())
    assert (little.of["type"], little.count, little.began) == ("cold", 1, None)
    clock(shop).advance(timedelta(hours=10))
    assert [one.count for one in shop.surges()] == [6]
    clock(shop).advance(timedelta(hours=15))
    assert shop.surges() == []


def test_people_see_windows_that_they_may_count(tmp_path: Path) -> None:
    """Whoever has no role for figures sees none, others no small counts and no ids."""
    figures = '[figures.case]\nsmallest = 3\nclause = "T-1"\nfrom = "document"\n'
    people = [
        Person("zhao", "Zhao Min", frozenset({"clerks"})),
        Person("li", "Li Wei", frozenset({"others"})),
    ]
    with engine(tmp_path, policy(extra=figures), identity=StaticIdentity(people)) as shop:
        for _ in range(6):
            file(shop)
        file(shop, "cold")
        assert [one.count for one in shop.desk("zhao").surges()] == [6]
        assert [one.cases for one in shop.desk("zhao").replay_surges("shop")] == [()]
        assert shop.desk("li").surges() == []
        with pytest.raises(AccessDenied):
            shop.desk("li").surges("shop")
        assert len(shop.surges()) == 2


def test_a_replay_needs_a_zone(shop: Engine) -> None:
    """A time without a zone is refused."""
    with pytest.raises(InvalidData):
        shop.replay_surges(since=datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('within = "3 working days"', "no fixed length"),
        ('within = "0 hours"', "no fixed length"),
        ("more_than = 0", "1 or more"),
        ('of = ["type", "colour"]', "colour"),
        ('of = ["type", "type"]', "twice"),
        ("of = []", "names no fact"),
    ],
)
def test_a_surge_that_says_nothing_is_refused(wrong: str, said: str) -> None:
    """Lengths that are not fixed, facts that are not there and numbers that are none are told with their place."""
    key = wrong.split(" =")[0]
    lines = [line for line in policy().splitlines() if not (line.startswith(key) and "2" not in key)]
    text = "\n".join(lines).replace("[surges.similar]", f"[surges.similar]\n{wrong}")
    with pytest.raises(InvalidPolicy) as caught:
        Policy.load(text)
    assert said in str(caught.value)
    assert "surges.similar" in str(caught.value)


def test_the_example_in_the_documentation_is_a_surge() -> None:
    """docs/surges.md shows a section that a policy takes."""
    root = Path(__file__).resolve().parents[2]
    (example,) = re.findall(r"```toml\n(.*?)```", (root / "docs" / "surges.md").read_text(encoding="utf-8"), re.DOTALL)
    surge = Policy.load(f"{policy()}\n{example}").surges["emergency"]
    assert (surge.of, surge.more_than, str(surge.interval)) == (("type", "department"), 5, "24 hours")
