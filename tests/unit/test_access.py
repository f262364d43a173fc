"""Who is meant, whom a task goes to, what a mask hides: the rooms of access one by one, and a desk on real cases."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from complaintflow.access.eligibility import Offer, offer
from complaintflow.access.identity import Person, StaticIdentity
from complaintflow.access.rules import Access, Facts
from complaintflow.access.seals import MASK, kept, masked
from complaintflow.errors import AccessDenied, InvalidData, NoSubscription, UnknownCase, UnknownIncident, UnknownTask
from complaintflow.facade.engine import Engine
from complaintflow.handlers.registry import Handlers
from complaintflow.policy.policy import Policy
from complaintflow.testing import Workbench
from complaintflow.work.notify import Notify
from tests.diagrams import document, end, flows, gateway, layer, multi, process, service, start, user

REPORTER = {"name": "Song Qing", "phone": "13911112222"}
CUSTOMER = {"channel": "phone", "content": "It was cold.", "reporter": REPORTER}
REPORT = {"channel": "web", "content": "It leaks.", "reporter": REPORTER}


def person(id_: str, name: str = "", *groups: str) -> Person:
    return Person(id_, name or id_, frozenset(groups))


@pytest.fixture
def office(workbench: Workbench) -> Callable[..., Engine]:
    """An engine that knows these people, on the workbench's store, clock and notifier."""

    def build(*people: Person) -> Engine:
        return Engine(
            workbench.engine.store,
            identity=StaticIdentity(people),
            clock=workbench.clock,
            notifier=workbench.notifier,
            handlers_elsewhere=True,
        )

    return build


# -- who is meant -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Li Wei", True),
        ("li  wei", True),
        ("LI.WEI", True),
        ("Manager Li Wei", True),
        ("Wei Li", True),
        ("Ｌｉ Ｗｅｉ", True),
        ("Li Weimin", False),
        ("Li", False),
        ("", False),
        ("?!", False),
        ("li-wei-2", True),
        ("head of li", False),
    ],
)
def test_a_complaint_names_people_in_its_own_words(text: str, meant: bool) -> None:
    """Capitals, widths, order and titles do not hide a person; a part of a name does not accuse one."""
    assert Person("li-wei", "Li Wei", frozenset()).called(text) is meant


@pytest.mark.parametrize(("text", "meant"), [("王小明", True), ("王小明经理", True), ("小明", False), ("王", False)])
def test_names_without_spaces(text: str, meant: bool) -> None:
    """A Chinese name is found within a longer text, where nothing stands between words."""
    assert Person("wxm", "王小明", frozenset()).called(text) is meant


def test_an_id_is_no_name() -> None:
    """Whoever names "head-of-hr" does not mean the person "hr", though the words are in it."""
    assert not person("human-resources", "Guo Jing").called("head-of-human-resources")


# -- whom a task goes to ------------------------------------------------------------------------

POLICY = """
[policy]
id = "p"
title = "P"
[roles.handlers]
group = "handlers"
clause = "A"
from = "document"
[roles.head]
group = "head"
clause = "A"
from = "document"
[roles.board]
group = "board"
clause = "A"
from = "document"
[separations.both]
tasks = ["review"]
apart_from = ["investigate"]
clause = "A"
from = "document"
[fallbacks.case]
role = "head"
clause = "A"
from = "document"
[fallbacks.board]
role = "board"
clause = "A"
from = "document"
"""
STAFF = StaticIdentity([
    person("li", "Li Wei", "handlers"), person("zhao", "Zhao Min", "handlers"),
    person("sun", "Sun Li", "head"), person("qian", "Qian Duo", "board"),
])  # fmt: skip


def facts(*excluded: str, shut: tuple[str, ...] = (), done: dict[str, list[str]] | None = None) -> Facts:
    return Facts("c", Policy.load(POLICY), frozenset(excluded), frozenset(shut), done or {}, list)


def offered(known: Facts, wanted: Offer, element: str = "review", *, identity: bool = True) -> Offer:
    return offer(Access(STAFF if identity else None), known, element, wanted)


def test_an_assignee_who_is_kept_out_is_passed_over() -> None:
    """A task whose expression names an excluded person goes to the rest of its group."""
    wanted = Offer(("handlers",), (), "li")
    assert offered(facts("Li Wei"), wanted) == Offer(("handlers",), (), None)
    assert offered(facts("li"), wanted, identity=False) == Offer(("handlers",), (), None)


def test_an_assignee_named_in_words_becomes_a_person() -> None:
    """What a form calls "Zhao Min" is the member of that name; a name that nobody has leaves the task to the group."""
    assert offered(facts(), Offer(("handlers",), (), "Zhao Min")).assignee == "zhao"
    assert offered(facts(), Offer(("handlers",), (), "Nobody Known")) == Offer(("handlers",), (), None)
    assert offered(facts("zhao min"), Offer(("handlers",), (), "Zhao Min")).assignee is None


def test_the_fallbacks_come_in_their_order() -> None:
    """With nobody left the first fallback has it, with nobody there the second, and then it is said that nobody is."""
    wanted = Offer(("handlers",), (), None)
    everybody = ("li", "zhao")
    assert offered(facts(*everybody), wanted) == Offer(("head",), (), None, fallback=True)
    assert offered(facts(*everybody, "sun"), wanted) == Offer(("board",), (), None, fallback=True)
    stranded = offered(facts(*everybody, "sun", "qian"), wanted)
    assert stranded == Offer(("board",), (), None, fallback=True, stranded=True)


def test_a_group_that_is_kept_out_whole() -> None:
    """Its task goes to the next fallback that is not kept out, also where no identity says who is in it."""
    wanted = Offer(("handlers",), (), None)
    for identity in (True, False):
        assert offered(facts(shut=("handlers",)), wanted, identity=identity).groups == ("head",)
        assert offered(facts(shut=("handlers", "head")), wanted, identity=identity).groups == ("board",)


def test_whoever_did_one_duty_is_not_offered_the_other() -> None:
    """Separated duties count as being kept out of that task alone, in both directions."""
    wanted = Offer(("handlers",), ("li",), None)
    assert offered(facts(done={"investigate": ["li"]}), wanted) == Offer(("handlers",), (), None)
    assert offered(facts(done={"investigate": ["li", "zhao"]}), wanted).fallback
    assert offered(facts(done={"review": ["li"]}), wanted, "investigate").users == ()
    assert offered(facts(done={"investigate": ["li"]}), wanted, "something-else").users == ("li",)


# -- masks --------------------------------------------------------------------------------------

SEALED = frozenset({"Song Qing", "13911112222", "王小明", "Li"})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("says SONG  QING", f"says {MASK}"),
        ("139-1111 2222, please", f"{MASK}, please"),
        ("王小明先生", f"{MASK}先生"),
        ("Li", MASK),
        ("Lily is not Li Wei", "Lily is not Li Wei"),
        (13911112222, MASK),
        ({"Song Qing": [1, "song qing"]}, {MASK: [1, MASK]}),
        (None, None),
        (True, True),
    ],
)
def test_a_mask_hides_every_writing_of_a_value(text: Any, shown: Any) -> None:
    """Capitals, spaces and the grouping of digits do not carry a sealed value past the mask; nothing else is hidden."""
    assert masked(text, SEALED) == shown


def test_a_mask_that_comes_back_is_not_written() -> None:
    """A field that still shows its mask counts as not sent, a list keeps its rows, and a mask elsewhere is refused."""
    seen = {"reporter": REPORTER, "list": ["Song Qing", "x"]}
    data = {"reporter": {"name": MASK, "phone": "1"}, "list": [MASK, "y"]}
    assert kept(data, seen, SEALED) == {"reporter": {"phone": "1"}, "list": ["Song Qing", "y"]}
    with pytest.raises(InvalidData, match=r"summary"):
        kept({"summary": MASK}, seen, SEALED)
    assert kept({"summary": f"{MASK} called"}, seen, SEALED) == {"summary": f"{MASK} called"}


# -- cases --------------------------------------------------------------------------------------


def test_a_form_full_of_masks_changes_nothing(office: Callable[..., Engine]) -> None:
    """Whoever sends a form back as they saw it, masks and all, leaves the sealed values as they were."""
    engine = office(person("li", "Li Wei", "reporting-office"))
    case = engine.start("whistleblower", REPORT)
    desk = engine.desk("li")
    task = desk.tasks()[0]
    shown = desk.surroundings(task.id).variables["reporter"]
    assert shown["name"] == MASK
    desk.complete(
        task.id,
        {
            "summary": "A leak",
            "category": "report",
            "complete": True,
            "reporter": {"name": shown["name"], "phone": shown["phone"]},
        },
    )
    assert engine.case(case.id).variables["reporter"]["name"] == "Song Qing"
    last = [event for event in engine.history(case.id) if event.event == "task-completed"][-1]
    assert "Song Qing" not in repr(last.detail["data"])


def test_whoever_has_only_a_task_sees_what_it_sees(office: Callable[..., Engine]) -> None:
    """A task holder gets the variables where the task stands, that task and their own doings, and no diagram."""
    engine = office(
        person("li", "Li Wei", "office-channel-admin"), person("wang", "Wang Fang", "office"),
        person("sun", "Sun Li", "office-head"),
    )  # fmt: skip
    case = engine.start("office", {"channel": "web", "content": "It is dark.", "wish": "Light", "reporter": REPORTER})
    mine = engine.desk("li").case(case.id)
    assert [task.element for task in mine.tasks] == ["register"]
    assert mine.variables["content"] == "It is dark."
    assert (mine.timers, mine.incidents, mine.messages) == ((), (), ())
    assert mine.history() == []
    with pytest.raises(AccessDenied):
        mine.diagram()
    engine.desk("li").claim(mine.tasks[0].id)
    assert [event.event for event in mine.history()] == ["task-claimed"]
    assert engine.desk("wang").case(case.id).timers


def test_a_conflict_declared_later_moves_the_open_tasks(office: Callable[..., Engine]) -> None:
    """A handler who recuses himself loses the task; with nobody else there the fallback has it, and it is said."""
    engine = office(person("li", "Li Wei", "customer-service"), person("sun", "Sun Li", "store-manager"))
    case = engine.start("customer", CUSTOMER)
    desk = engine.desk("li")
    desk.claim(desk.tasks()[0].id)
    desk.recuse(case.id, "li", "my brother")
    assert (desk.tasks(), desk.cases()) == ([], [])
    [task] = engine.case(case.id).tasks
    assert (task.groups, task.assignee) == (("store-manager",), None)
    moved = [event for event in engine.history(case.id) if event.event == "task-moved"]
    assert [event.detail["fallback"] for event in moved] == [True]
    with pytest.raises(AccessDenied):
        engine.complete(task.id, {"justified": False}, actor="li")


def test_a_name_in_later_data_moves_tasks_inside_called_processes(office: Callable[..., Engine]) -> None:
    """The opinion names one more person complained about: who has a task in a called process of the case loses it."""
    engine = office(
        person("desk", "Guo Jing", "front-desk"), person("li", "Li Wei", "complaint-officer"),
        person("he", "He Xian", "complaint-officer"), person("sun", "Sun Li", "director"),
        person("bai", "Bai He", "partners-meeting"),
    )  # fmt: skip
    case = engine.start("law-firm", {"channel": "letter", "content": "He never called.", "reporter": REPORTER})
    register = engine.desk("desk").tasks()[0]
    engine.desk("desk").complete(register.id, {"summary": "Silence", "category": "complaint", "complete": True})
    assess = engine.desk("he").tasks()[0]
    data = {"opinion": "Look into it", "major": False, "area": "other", "persons": [{"name": "Partner Li Wei"}]}
    engine.desk("he").complete(assess.id, data)
    inside = engine.case(case.id).tasks[0]
    assert inside.element == "appoint"
    assert [task.id for task in engine.desk("he").tasks()] == [inside.id]
    assert (engine.desk("li").tasks(), engine.desk("li").cases()) == ([], [])
    # The name is taken back, and the person stays out: who was named once is not let in by an edit.
    engine.desk("sun").recuse(case.id, "he", "a friend of the partner")
    [task] = engine.case(case.id).tasks
    assert task.groups == ("director",)


def test_who_was_named_once_stays_out(office: Callable[..., Engine]) -> None:
    """A name that is taken out of the case's data again lets nobody back in."""
    engine = office(person("li", "Li Wei", "store-manager"), person("sun", "Sun Li", "store-manager"))
    case = engine.start("customer", {**CUSTOMER, "persons": [{"name": "Li Wei"}]})
    with engine.store.reading() as tx:
        live = engine._work.load(tx, case.id)
    live.game.top.scope.variables["persons"] = []
    assert live.permit.facts.excluded == {"Li Wei"}
    assert engine.desk("li").cases() == []


@pytest.mark.parametrize(
    ("process", "payload", "out", "left"),
    [
        (
            "grievance",
            {"channel": "letter", "addressee": "hr", "against": "general_manager"},
            "general-manager",
            "board",
        ),
        ("law-firm", {"channel": "letter", "stands_aside": "director"}, "director", "complaint-officer"),
        ("law-firm", {"channel": "letter", "stands_aside": "complaint_officer"}, "complaint-officer", "director"),
    ],
)
def test_a_complaint_about_an_office(
    office: Callable[..., Engine], process: str, payload: dict[str, Any], out: str, left: str
) -> None:
    """Where a complaint is about an office, the case does not exist for its group, and notices pass by it."""
    engine = office(person("chief", "Guo Jing", out), person("other", "He Xian", left))
    case = engine.start(process, {**payload, "content": "x", "reporter": REPORTER})
    assert (engine.desk("chief").cases(), engine.desk("chief").tasks()) == ([], [])
    with pytest.raises(UnknownCase):
        engine.desk("chief").case(case.id)
    with engine.store.reading() as tx:
        permit = engine._work.load(tx, case.id).permit
    assert permit.audience(out).group != out
    assert out not in permit.offer("decide", Offer((out,), (), None)).groups


def test_separated_tasks_that_are_open_together(tmp_path: Path, workbench: Workbench) -> None:
    """Whoever completes one of two separated duties loses the other that is open already."""
    drawn = document(process(
        start(), gateway("parallel", "fork"), user("investigate", groups="handlers"), user("review", groups="handlers"),
        gateway("parallel", "join"), end(),
        flows("start > fork", "fork > investigate > join", "fork > review > join", "join > end"),
    ))  # fmt: skip
    folder = layer(tmp_path, drawn, policy=POLICY)
    people = StaticIdentity([person("li", "Li Wei", "handlers"), person("sun", "Sun Li", "head")])
    engine = Engine(workbench.engine.store, layers=[folder], identity=people, clock=workbench.clock)
    case = engine.start("p", {})
    desk = engine.desk("li")
    assert [task.element for task in desk.tasks()] == ["investigate", "review"]
    desk.complete(case.task("investigate").id, {})
    assert desk.tasks() == []
    assert [(task.element, task.groups) for task in engine.case(case.id).tasks] == [("review", ("head",))]


def test_rounds_of_a_loop_move_one_by_one(tmp_path: Path, workbench: Workbench) -> None:
    """In a multi-instance task the round of a person who is kept out goes on to others, and the other rounds stay."""
    extension = '<zeebe:assignmentDefinition assignee="=who" candidateGroups="=[&quot;handlers&quot;]"/>'
    drawn = document(process(
        start(), user("declare", loop=multi("people", "who"), extension=extension), end(),
            flows("start > declare > end"),
    ))  # fmt: skip
    folder = layer(tmp_path, drawn, policy=POLICY)
    engine = Engine(workbench.engine.store, layers=[folder], identity=STAFF, clock=workbench.clock)
    case = engine.start("p", {"people": ["Li Wei", "zhao"]})
    assert sorted(str(task.assignee) for task in case.tasks) == ["li", "zhao"]
    engine.desk("li").recuse(case.id, "li", "my brother")
    assert sorted(str(task.assignee) for task in engine.case(case.id).tasks) == ["None", "zhao"]


def test_reassigning_to_somebody_who_must_not_have_it(office: Callable[..., Engine], workbench: Workbench) -> None:
    """Neither by a supervisor nor, where no identity is known, by the application is a task given to the accused."""
    people = (
        person("li", "Li Wei", "customer-service"), person("he", "He Xian", "customer-service"),
        person("sun", "Sun Li", "store-manager"),
    )  # fmt: skip
    engine = office(*people)
    case = engine.start("customer", {**CUSTOMER, "persons": [{"name": "Li Wei"}]})
    task = case.tasks[0]
    for whom in ("li", "nobody-known"):
        with pytest.raises(AccessDenied):
            engine.desk("sun").reassign(task.id, whom)
    engine.desk("sun").reassign(task.id, "he", "as agreed")
    assert engine.case(case.id).tasks[0].assignee == "he"
    with pytest.raises(AccessDenied):
        workbench.engine.reassign(task.id, "Li Wei")


def test_messages_reach_only_cases_of_theirs(office: Callable[..., Engine]) -> None:
    """A message under a key reaches the cases that the sender sees; that another waits for it is not told."""
    engine = office(person("li", "Li Wei", "reporting-office"), person("out", "Outsider", "elsewhere"))
    case = engine.start("whistleblower", REPORT)
    register = engine.desk("li").tasks()[0]
    engine.desk("li").complete(register.id, {"summary": "A leak", "category": "report", "complete": True})
    message = engine.case(case.id).messages[0]
    with pytest.raises(NoSubscription) as hidden:
        engine.desk("out").correlate(message, key=case.key, data={})
    with pytest.raises(NoSubscription) as absent:
        engine.desk("out").correlate(message, key="no such key", data={})
    assert str(hidden.value) == str(absent.value)
    [reached] = engine.desk("li").correlate(message, key=case.key, data={"incident": "threats"})
    assert reached.id == case.id


def test_a_notice_to_a_group_of_one(office: Callable[..., Engine]) -> None:
    """What goes to a group with nobody left goes to the fallback; where others are left, to them alone."""
    he = person("he", "He Xian", "reporting-office")
    for extra, group, only in ((), "leadership", ()), ((he,), "reporting-office", ("he",)):
        engine = office(
            person("li", "Li Wei", "reporting-office"), person("sun", "Sun Li", "leadership"), *extra,
        )  # fmt: skip
        case = engine.start("whistleblower", {**REPORT, "persons": [{"name": "Li Wei"}]})
        with engine.store.reading() as tx:
            audience = engine._work.load(tx, case.id).permit.audience("reporting-office")
        assert (audience.group, audience.only) == (group, only)


def test_a_reminder_passes_by_whoever_is_complained_about(office: Callable[..., Engine], workbench: Workbench) -> None:
    """Customer service is one person, whom the complaint is about: the reminder to the group goes to the manager."""
    engine = office(person("li", "Li Wei", "customer-service"), person("sun", "Sun Li", "store-manager"))
    case = engine.start("customer", {**CUSTOMER, "persons": [{"name": "Li Wei"}]})
    workbench.clock.advance(timedelta(days=3))
    engine.drain()
    told = [notice.to.group for notice in engine.notices(case.id) if notice.name == "investigation-reminder"]
    assert told == ["store-manager"]
    assert [one.name for one in engine.desk("sun").notices(case.id) if one.to.group] == ["investigation-reminder"]


def test_letters_to_others_do_not_show_the_reporter(office: Callable[..., Engine]) -> None:
    """What is sealed and not the addressee's own is masked in a letter that goes to somebody else."""
    from complaintflow.work.notify import _others

    engine = office(person("li", "Li Wei", "complaint-officer"))
    case = engine.start("law-firm", {"channel": "letter", "content": "x", "reporter": REPORTER})
    with engine.store.reading() as tx:
        live = engine._work.load(tx, case.id)
    assert _others(live, live.game.top.scope.variables["reporter"]) == frozenset()
    assert "Song Qing" in _others(live, {"name": "Partner Li"})
    assert isinstance(Notify.TYPE, str)


def test_a_beginning_of_an_id_counts_only_what_is_theirs(office: Callable[..., Engine]) -> None:
    """A beginning that fits several cases is whole where only one of them is to be seen."""
    engine = office(person("li", "Li Wei", "customer-service"), person("out", "Outsider", "office-head"))
    mine = engine.start("customer", CUSTOMER)
    engine.start("office", {"channel": "web", "content": "x", "reporter": REPORTER})
    desk = engine.desk("li")
    assert desk.case(mine.id[:1]).id == mine.id or mine.id[:1] == ""
    with pytest.raises(UnknownCase):
        engine.desk("out").case(mine.id)
    with pytest.raises(UnknownTask):
        engine.desk("out").complete(mine.tasks[0].id, {})


def test_an_incident_is_for_those_who_see_the_whole_case(tmp_path: Path, workbench: Workbench) -> None:
    """What a failing handler quotes is masked in the list of incidents, which others do not see at all."""
    handlers = Handlers()

    @handlers.handler("look-up", retries=1)
    def look_up(reporter: dict[str, Any]) -> None:
        raise ValueError(f"nobody is called {reporter['name']}")

    asked = '<zeebe:formDefinition formId="intake" bindingType="deployment"/>'
    drawn = document(process(
        start(extension=asked), user("investigate", groups="handlers"), service("find", "look-up"), end(),
        flows("start > investigate > find > end"),
    ))  # fmt: skip
    see = '[access.see]\nroles = ["head"]\nclause = "A"\nfrom = "document"\n[access.resolve]\nroles = ["head"]\n'
    folder = layer(tmp_path, drawn, policy=POLICY + see + 'clause = "A"\nfrom = "document"\n')
    form = {
        "type": "default", "id": "intake", "schemaVersion": 19,
        "components": [{"type": "textfield", "id": "Field_name", "key": "reporter.name", "label": "Name",
                        "properties": {"sealed": "identity"}}],
    }  # fmt: skip
    (folder / "forms" / "p").mkdir(parents=True)
    (folder / "forms" / "p" / "intake.form").write_text(json.dumps(form), encoding="utf-8")
    engine = Engine(
        workbench.engine.store, layers=[folder], identity=STAFF, clock=workbench.clock, handlers=[handlers]
    )  # fmt: skip
    case = engine.start("p", {"reporter": {"name": "Song Qing"}})
    engine.desk("li").complete(case.tasks[0].id, {})
    [incident] = engine.desk("sun").incidents()
    line = look_up.__code__.co_firstlineno + 2
    assert incident.message == f"ValueError: nobody is called {MASK} (at test_access.py:{line} in look_up)"
    assert engine.desk("sun").incidents(case.id) == [incident]
    assert engine.desk("li").incidents() == []
    with pytest.raises(UnknownIncident):
        engine.desk("li").resolve(incident.id)
    assert engine.desk("sun").resolve(incident.id, data={"reporter": {"name": "Song Qing"}}).incidents


def test_hold_and_cancel_need_their_roles(office: Callable[..., Engine]) -> None:
    """Only roles that the policy names hold or end a case, and an engine with an identity asks who it is."""
    engine = office(person("li", "Li Wei", "customer-service"), person("sun", "Sun Li", "store-manager"))
    case = engine.start("customer", CUSTOMER)
    for action in (lambda: engine.hold(case.id, "court"), lambda: engine.desk("li").hold(case.id, "court")):
        with pytest.raises(AccessDenied):
            action()
    engine.desk("sun").hold(case.id, "court")
    engine.desk("sun").cancel(case.id, "withdrawn")
    assert engine.case(case.id).status == "cancelled"
