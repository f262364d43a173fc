"""Camunda 7 diagrams run: people and forms, loops, conditions, listeners and events."""

from __future__ import annotations

import pytest
from camunda7_parts import Desk, Run, one, task, user

from complaintflow import BusinessError
from complaintflow.errors import InvalidData
from tests.diagrams import end, error, flows, gateway, signal, start


def test_who_and_when(run: Run) -> None:
    """Assignee, candidates, dates and priority of a user task; a list may mix names and expressions."""
    element = user(
        "x", _assignee="${boss}", _candidateUsers="li.wei, ${deputy}", _candidateGroups="${groups},audit",
        _dueDate="P2D", _followUpDate="${when}", _priority="${n * 10}",
    )  # fmt: skip
    bench = run(*one(element))
    case = bench.start("p", boss="zhao.min", deputy="wang", groups=["a", "b"], when="2026-03-02T09:00:00+08:00", n=7)
    (found,) = case.tasks
    assert (found.assignee, found.users, found.groups) == ("zhao.min", ("li.wei", "wang"), ("a", "b", "audit"))
    assert found.priority == 70
    assert found.due_at is not None
    assert (found.due_at - bench.now).days == 2


def test_initiator(run: Run) -> None:
    """The variable that the start event names holds who started the case."""
    bench = run(start().replace("<bpmn:startEvent", '<bpmn:startEvent camunda:initiator="who"', 1),
                user("b", _assignee="${who}"), flows("start > b"))  # fmt: skip
    case = bench.engine.start("p", {}, actor="li.wei")
    assert case.task("b").assignee == "li.wei"


def test_form_fields_become_a_form(run: Run) -> None:
    """Fields in the diagram are a form: what is completed is validated by it."""
    fields = (
        '<camunda:formData><camunda:formField id="amount" label="Amount" type="long" defaultValue="5">'
        '<camunda:validation><camunda:constraint name="required"/><camunda:constraint name="min" config="1"/>'
        '</camunda:validation></camunda:formField><camunda:formField id="kind" type="enum">'
        '<camunda:value id="a" name="A"/>'
        '<camunda:value id="b" name="B"/></camunda:formField><camunda:formField id="ok" type="boolean"/>'
        '<camunda:formField id="day" type="date"/><camunda:formField id="why" type="string" defaultValue="${why}"/>'
        "</camunda:formData>"
    )
    bench = run(*one(user("x", fields)))
    case = bench.start("p", why="given")
    with pytest.raises(InvalidData):
        bench.complete(case, "x", {"amount": 0})
    with pytest.raises(InvalidData):
        bench.complete(case, "x", {"amount": 2, "kind": "c"})
    case = bench.complete(case, "x", {"amount": 2, "kind": "a", "ok": True, "day": "2026-03-02"})
    assert case.variables["amount"] == 2
    assert case.variables["day"] == "2026-03-02"


def test_form_references(run: Run) -> None:
    """A form of ours is linked by its id or file; another one is shown to whoever asks for the task."""
    field = '{"type": "textfield", "key": "a", "validate": {"required": true}}'
    form = f'{{"type": "default", "id": "f", "components": [{field}]}}'
    for attributes in ({"_formRef": "f", "_formRefBinding": "latest"}, {"_formKey": "camunda-forms:deployment:f.form"}):
        case = run(*one(user("x", **attributes)), forms__p__f=form, **{"forms__p__f.form": form}).start("p")
        assert case.task("x").form == "f"
    case = run(*one(user("x", _formKey="embedded:app:forms/x.html"))).start("p")
    assert case.task("x").form is None
    assert case.task("x").form_reference == "embedded:app:forms/x.html"


def loop(text: str = "", body: str = "", *, sequential: bool = False) -> str:
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}" {text}>{body}'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )


@pytest.mark.parametrize("collection", ["people", "${people}", "#{people}", "=people"])
@pytest.mark.parametrize("sequential", [True, False])
def test_loops_over_collections(run: Run, collection: str, sequential: bool) -> None:
    """A collection by name or expression; rounds are counted from 0, as Camunda 7 does."""
    desk = Desk(pay={})
    marker = loop(f'camunda:collection="{collection}" camunda:elementVariable="person"', sequential=sequential)
    run(*one(task("serviceTask", "x", body=marker, _class="pay")), handlers=desk.handlers).start("p", people=["a", "b"])
    assert [(job.variables["person"], job.variables["loopCounter"]) for job in desk.jobs] == [("a", 0), ("b", 1)]


def test_completion_condition(run: Run) -> None:
    """The counters of the completion condition have Camunda 7's names."""
    until = "<bpmn:completionCondition>${nrOfCompletedInstances/nrOfInstances >= 0.5}</bpmn:completionCondition>"
    marker = loop('camunda:collection="list" camunda:elementVariable="i"', until)
    bench = run(*one(user("x").replace("</bpmn:userTask>", marker + "</bpmn:userTask>")))
    case = bench.start("p", list=[1, 2, 3, 4])
    for _ in range(2):
        case = bench.complete(case, case.tasks[0].id, {})
    assert case.waiting_for == ["b"]


@pytest.mark.parametrize("text", ["3", "${n}", "=n"])
@pytest.mark.parametrize("sequential", [True, False])
def test_loops_by_number(run: Run, text: str, sequential: bool) -> None:
    """A number of rounds, written out or computed, counted from 0."""
    desk = Desk(pay={})
    marker = loop("", f"<bpmn:loopCardinality>{text}</bpmn:loopCardinality>", sequential=sequential)
    case = run(*one(task("serviceTask", "x", body=marker, _class="pay")), handlers=desk.handlers).start("p", n=3)
    assert [job.variables["loopCounter"] for job in desk.jobs] == [0, 1, 2]
    assert case.waiting_for == ["b"]


def test_conditions(run: Run) -> None:
    """Conditions of flows are translated."""
    condition = (
        "<bpmn:conditionExpression xsi:type='bpmn:tFormalExpression'>${n &gt; 5 &amp;&amp; !vip}"
        "</bpmn:conditionExpression>"
    )
    way = f'<bpmn:sequenceFlow id="big" sourceRef="gate" targetRef="a">{condition}</bpmn:sequenceFlow>'
    bench = run(
        start(), gateway("exclusive", "gate", default="gate_b"), user("a"), user("b"), way, flows("start > gate > b")
    )
    assert bench.start("p", n=9).waiting_for == ["a"]
    assert bench.start("p", n=9, vip=True).waiting_for == ["b"]
    assert bench.start("p", n=1).waiting_for == ["b"]


def test_execution_and_task_listeners(run: Run) -> None:
    """Listeners call handlers when an element begins and ends, when a flow is taken, and around a task."""
    heard = (
        '<camunda:executionListener class="a.B" event="start"><camunda:field name="level"><camunda:string>1'
        "</camunda:string></camunda:field></camunda:executionListener>"
        '<camunda:executionListener delegateExpression="${end}" event="end"/>'
        '<camunda:taskListener expression="${tasks.created(task)}" event="create"/>'
        '<camunda:taskListener class="done" event="complete"/>'
    )
    way = (
        '<bpmn:sequenceFlow id="f" sourceRef="start" targetRef="x"><bpmn:extensionElements>'
        '<camunda:executionListener class="one" event="take"/><camunda:executionListener class="two" event="take"/>'
        "</bpmn:extensionElements></bpmn:sequenceFlow>"
    )
    desk = Desk(a__B={}, end={}, tasks__created={}, done={}, one={}, two={})
    bench = run(start(), user("x", heard), user("b"), way, flows("x > b"), handlers=desk.handlers)
    case = bench.complete(bench.start("p"), "x", {})
    assert case.waiting_for == ["b"]
    assert [job.type for job in desk.jobs] == ["one", "two", "a.B", "tasks.created", "done", "end"]
    assert desk.jobs[2].headers == {"level": "1"}


def test_error_variables(run: Run) -> None:
    """The variables of an error event say which code and message were caught."""
    definition = (
        '<bpmn:errorEventDefinition errorRef="e" camunda:errorCodeVariable="code" camunda:errorMessageVariable="why"/>'
    )
    desk = Desk(pay=BusinessError("E", "no money"))
    bench = run(
        start(), task("serviceTask", "x", _class="pay"),
        task("boundaryEvent", "caught", body=definition, attachedToRef="x"), user("b"), end(),
        flows("start > x > end", "caught > b"), roots=(error("e", "E"),), handlers=desk.handlers,
    )  # fmt: skip
    case = bench.start("p")
    assert case.waiting_for == ["b"]
    assert case.variables == {"code": "E", "why": "no money"}


def test_variables_of_an_error_are_kept(run: Run) -> None:
    """What a handler gives along with its error is a variable of the case, as in Camunda 7."""
    desk = Desk(pay=BusinessError("E", variables={"left": 3}))
    caught = task("boundaryEvent", "caught", body='<bpmn:errorEventDefinition errorRef="e"/>', attachedToRef="x")
    bench = run(
        start(), task("serviceTask", "x", _class="pay"), caught, user("b"), end(),
        flows("start > x > end", "caught > b"), roots=(error("e", "E"),), handlers=desk.handlers,
    )  # fmt: skip
    assert bench.start("p").variables == {"left": 3}


def test_listeners_of_events(run: Run) -> None:
    """The start listener of a start event or boundary event is heard when the event has happened."""
    heard = '<camunda:executionListener class="heard" event="start"/>'
    desk = Desk(heard={}, pay=BusinessError("E"))
    bench = run(
        task("startEvent", "start", heard), task("serviceTask", "x", _class="pay"),
        task("boundaryEvent", "caught", heard, '<bpmn:errorEventDefinition errorRef="e"/>', attachedToRef="x"),
        user("b"), end(), flows("start > x > end", "caught > b"), roots=(error("e", "E"),), handlers=desk.handlers,
    )  # fmt: skip
    assert bench.start("p").waiting_for == ["b"]
    assert [job.type for job in desk.jobs] == ["heard", "pay", "heard"]


def test_a_start_form(run: Run) -> None:
    """Fields at the start event are the intake form."""
    fields = (
        '<camunda:formData><camunda:formField id="n" type="long"><camunda:validation>'
        '<camunda:constraint name="required"/></camunda:validation></camunda:formField></camunda:formData>'
    )
    bench = run(task("startEvent", "start", fields), user("b"), flows("start > b"))
    with pytest.raises(InvalidData):
        bench.start("p")
    assert bench.start("p", n=1).variables == {"n": 1}


def test_messages_go_to_the_case(run: Run) -> None:
    """Camunda 7's messages name no correlation key: the case's own key is theirs."""
    bench = run(
        start(), task("receiveTask", "x", messageRef="m"), user("b"), flows("start > x > b"),
        roots=('<bpmn:message id="m" name="paid"/>',),
    )  # fmt: skip
    case = bench.start("p")
    bench.engine.correlate("paid", key=case.key, data={"amount": 3})
    assert bench.case(case.id).waiting_for == ["b"]


def test_a_message_that_is_sent(run: Run) -> None:
    """A throwing message event carries the handler on its definition."""
    definition = '<bpmn:messageEventDefinition camunda:type="external" camunda:topic="tell" />'
    desk = Desk(tell={"told": True})
    element = task("intermediateThrowEvent", "x", body=definition)
    assert run(*one(element), handlers=desk.handlers).start("p").variables == {"told": True}


def test_a_signal_takes_variables_along(run: Run) -> None:
    """camunda:in of a thrown signal is what travels with it."""
    definition = (
        '<bpmn:signalEventDefinition signalRef="s"><bpmn:extensionElements><camunda:in source="n" target="m"/>'
        "</bpmn:extensionElements></bpmn:signalEventDefinition>"
    )
    catch = task("intermediateCatchEvent", "wait", body='<bpmn:signalEventDefinition signalRef="s"/>')
    bench = run(
        start(), gateway("parallel", "fork"), catch, user("b"), task("intermediateThrowEvent", "x", body=definition),
        end(), flows("start > fork > wait > b", "fork > x > end"), roots=(signal("s", "go"),),
    )  # fmt: skip
    case = bench.start("p", n=4)
    assert bench.case(case.id).variables["m"] == 4


def test_words_without_behaviour_are_read(run: Run) -> None:
    """Asynchronous continuations, priorities, templates, history and versions change nothing here."""
    bench = run(
        start(), user("b", _asyncBefore="true", _asyncAfter="true", _exclusive="false", _jobPriority="5",
                      _modelerTemplate="t", _modelerTemplateVersion="1"), flows("start > b"),
    )  # fmt: skip
    assert bench.start("p").waiting_for == ["b"]


def test_properties(run: Run) -> None:
    """camunda:properties are the element's properties."""
    said = '<camunda:properties><camunda:property name="clause" value="T-1"/></camunda:properties>'
    bench = run(*one(user("x", said)))
    node = bench.engine.library.newest("p").program.find("x")
    assert node is not None
    assert node.clauses == ("T-1",)
