"""Camunda 7 diagrams run: handlers, variables, calls and decisions. The file stays as it is."""

from __future__ import annotations

from typing import Any

import pytest
from camunda7_parts import Desk, Run, one, task, user

from complaintflow.errors import InvalidDiagram
from tests.diagrams import end, flows, start


@pytest.mark.parametrize(
    ("attributes", "handler"),
    [
        ({"_type": "external", "_topic": "pay"}, "pay"),
        ({"_class": "com.acme.Pay"}, "com__acme__Pay"),
        ({"_delegateExpression": "${pay}"}, "pay"),
        ({"_delegateExpression": "#{bank.pay}"}, "bank__pay"),
        ({"_expression": "${orders.pay(order)}"}, "orders__pay"),
        ({"_expression": "${orders.pay(execution)}"}, "orders__pay"),
    ],
)
@pytest.mark.parametrize("tag", ["serviceTask", "sendTask", "businessRuleTask"])
def test_handlers_by_name(run: Run, tag: str, attributes: dict[str, str], handler: str) -> None:
    """Topic, class, delegate expression and the call of a bean are names of handlers."""
    desk = Desk(**{handler: {"paid": True}})
    case = run(*one(task(tag, "x", **attributes)), handlers=desk.handlers).start("p", order=7)
    assert case.waiting_for == ["b"]
    assert case.variables["paid"] is True
    assert desk.jobs[0].variables["order"] == 7


def test_result_variable_takes_whatever_a_handler_returns(run: Run) -> None:
    """With a result variable the handler's value is one variable, as in Camunda 7."""
    desk = Desk(orders__count=42)
    element = task("serviceTask", "x", _expression="${orders.count()}", _resultVariable="n")
    assert run(*one(element), handlers=desk.handlers).start("p").variables == {"n": 42}


def test_an_expression_that_calls_nobody_is_computed(run: Run) -> None:
    """An expression of variables alone needs no handler."""
    element = task("serviceTask", "x", _expression="${price * 2}", _resultVariable="total")
    assert run(*one(element)).start("p", price=4).variables["total"] == 8


def test_fields_and_retries(run: Run) -> None:
    """Injected fields are variables of the element's own; R5/PT1M is five attempts."""
    fields = (
        '<camunda:field name="a"><camunda:string>text</camunda:string></camunda:field>'
        '<camunda:field name="b"><camunda:expression>${n + 1}</camunda:expression></camunda:field>'
        '<camunda:field name="c" stringValue="x"/><camunda:field name="d" expression="${n}"/>'
        "<camunda:failedJobRetryTimeCycle>R5/PT1M</camunda:failedJobRetryTimeCycle>"
    )
    desk = Desk(pay={})
    bench = run(*one(task("serviceTask", "x", fields, _class="pay")), handlers=desk.handlers)
    case = bench.start("p", n=1)
    assert {name: desk.jobs[0].variables[name] for name in "abcd"} == {"a": "text", "b": 2, "c": "x", "d": 1}
    assert case.variables == {"n": 1}
    node = bench.engine.library.newest("p").program.find("x")
    assert node is not None
    assert node.job.retries.text == "5"  # type: ignore[attr-defined]


def test_connector(run: Run) -> None:
    """A connector's id is the handler; its inputs are the handler's, its outputs are read from what it returned."""
    connector = (
        "<camunda:connector><camunda:connectorId>http-connector</camunda:connectorId><camunda:inputOutput>"
        '<camunda:inputParameter name="url">https://example.org/${n}</camunda:inputParameter>'
        '<camunda:outputParameter name="answer">${response}</camunda:outputParameter>'
        "</camunda:inputOutput></camunda:connector>"
    )
    desk = Desk(**{"http-connector": {"response": "ok"}})
    case = run(*one(task("serviceTask", "x", connector)), handlers=desk.handlers).start("p", n=3)
    assert desk.jobs[0].variables["url"] == "https://example.org/3"
    assert case.variables == {"n": 3, "answer": "ok"}


def test_input_and_output_parameters(run: Run) -> None:
    """Texts, expressions, lists, maps and FEEL scripts go in; outputs add to what the work left behind."""
    mapping = (
        "<camunda:inputOutput>"
        '<camunda:inputParameter name="a">plain</camunda:inputParameter>'
        '<camunda:inputParameter name="b">${n}</camunda:inputParameter>'
        '<camunda:inputParameter name="c"><camunda:list><camunda:value>${n}</camunda:value>'
        "<camunda:value>x</camunda:value>"
        "<camunda:list><camunda:value>deep</camunda:value></camunda:list></camunda:list></camunda:inputParameter>"
        '<camunda:inputParameter name="d"><camunda:map><camunda:entry key="k">${n}</camunda:entry>'
        '<camunda:entry key="two words"><camunda:list><camunda:value>1</camunda:value></camunda:list></camunda:entry>'
        "</camunda:map></camunda:inputParameter>"
        '<camunda:inputParameter name="e"><camunda:script scriptFormat="feel">n + 10</camunda:script>'
        "</camunda:inputParameter>"
        '<camunda:inputParameter name="f"/>'
        '<camunda:outputParameter name="total">${found + n}</camunda:outputParameter>'
        "</camunda:inputOutput>"
    )
    desk = Desk(pay={"found": 5})
    case = run(*one(task("serviceTask", "x", mapping, _topic="pay", _type="external")), handlers=desk.handlers).start(
        "p", n=1
    )
    seen = desk.jobs[0].variables
    assert [seen[name] for name in "abcdef"] == [
        "plain", 1, [1, "x", ["deep"]], {"k": 1, "two words": ["1"]}, 11, None,
    ]  # fmt: skip
    assert case.variables == {"n": 1, "found": 5, "total": 6}


def callee(*parts: str) -> str:
    return f'<bpmn:process id="q" isExecutable="true">{"".join(parts)}</bpmn:process>'


def test_a_call_passes_what_it_lists(run: Run) -> None:
    """Without camunda:in and camunda:out nothing passes; with them what they list, and the case's key is the same."""
    passing = (
        '<camunda:in source="n" target="m"/><camunda:in sourceExpression="${n + 1}" target="next"/>'
        '<camunda:in businessKey="#{execution.processBusinessKey}"/><camunda:out source="r" target="result"/>'
    )
    inside = callee(
        start("s"), task("scriptTask", "t", body="<bpmn:script>[m, next, n, case.key]</bpmn:script>",
                         scriptFormat="feel", _resultVariable="r"), end("e"), flows("s > t > e"),
    )  # fmt: skip
    bench = run(*one(task("callActivity", "x", passing, calledElement="q")), more=inside)
    case = bench.start("p", n=1)
    assert case.variables == {"n": 1, "result": [1, 2, None, case.key]}
    closed = run(*one(task("callActivity", "x", calledElement="q")), more=inside).start("p", n=1)
    assert closed.variables == {"n": 1}


def test_a_call_passes_all(run: Run) -> None:
    """variables="all" passes everything both ways; what comes back goes past the variables that were put in."""
    passing = '<camunda:in variables="all"/><camunda:in source="n" target="m"/><camunda:out variables="all"/>'
    inside = callee(
        start("s"), task("scriptTask", "t", body="<bpmn:script>n + m</bpmn:script>", scriptFormat="feel",
                         _resultVariable="m"), end("e"), flows("s > t > e"),
    )  # fmt: skip
    case = run(*one(task("callActivity", "x", passing, calledElement="q")), more=inside).start("p", n=1)
    assert case.variables == {"n": 1, "m": 2}


TABLE = """<?xml version="1.0"?><definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d"
 namespace="x"><decision id="rate" name="rate"><decisionTable id="t" hitPolicy="{policy}"><input id="i"><inputExpression
 id="ie" typeRef="number"><text>n</text></inputExpression></input>{outputs}
 <rule id="r1"><inputEntry id="e1"><text>&gt; 0</text></inputEntry>{one}</rule>
 <rule id="r2"><inputEntry id="e2"><text>&gt; 5</text></inputEntry>{two}</rule></decisionTable></decision>
 </definitions>"""


def table(policy: str, columns: int) -> str:
    return TABLE.format(
        policy=policy,
        outputs="".join(f'<output id="o{n}" name="out{n}" typeRef="number"/>' for n in range(columns)),
        one="".join(f'<outputEntry id="p{n}"><text>{n + 1}</text></outputEntry>' for n in range(columns)),
        two="".join(f'<outputEntry id="q{n}"><text>{n + 11}</text></outputEntry>' for n in range(columns)),
    )


@pytest.mark.parametrize(
    ("shape", "policy", "columns", "n", "expected"),
    [
        ("singleEntry", "FIRST", 1, 1, 1),
        ("singleEntry", "FIRST", 1, 0, None),
        ("singleResult", "FIRST", 1, 1, {"out0": 1}),
        ("singleResult", "FIRST", 2, 9, {"out0": 1, "out1": 2}),
        ("collectEntries", "COLLECT", 1, 9, [1, 11]),
        ("collectEntries", "COLLECT", 1, 0, []),
        ("collectEntries", "FIRST", 1, 9, [1]),
        ("resultList", "COLLECT", 2, 9, [{"out0": 1, "out1": 2}, {"out0": 11, "out1": 12}]),
        ("resultList", "RULE ORDER", 1, 9, [{"out0": 1}, {"out0": 11}]),
        ("resultList", "FIRST", 1, 0, []),
        ("", "FIRST", 1, 9, [{"out0": 1}]),
    ],
)
def test_decision_results(run: Run, shape: str, policy: str, columns: int, n: int, expected: Any) -> None:
    """The result of a decision has the shape that the diagram asks for."""
    more = {"_mapDecisionResult": shape} if shape else {}
    element = task("businessRuleTask", "x", _decisionRef="rate", _resultVariable="r", **more)
    case = run(*one(element), **{"processes__p__rate.dmn": table(policy, columns)}).start("p", n=n)
    assert case.variables["r"] == expected


@pytest.mark.parametrize(
    ("shape", "policy", "columns"),
    [
        ("singleEntry", "FIRST", 2),
        ("singleEntry", "COLLECT", 1),
        ("singleResult", "COLLECT", 1),
        ("collectEntries", "FIRST", 2),
    ],
)
def test_decision_results_that_do_not_fit(run: Run, shape: str, policy: str, columns: int) -> None:
    """More rules or outputs than the shape takes are an incident, as they are an error in Camunda 7."""
    element = task("businessRuleTask", "x", _decisionRef="rate", _resultVariable="r", _mapDecisionResult=shape)
    case = run(*one(element), **{"processes__p__rate.dmn": table(policy, columns)}).start("p", n=9)
    assert [incident.kind for incident in case.incidents] == ["decision"]


def test_decision_result_for_output_parameters(run: Run) -> None:
    """Without a result variable the output parameters read decisionResult, and it is gone afterwards."""
    mapping = (
        '<camunda:inputOutput><camunda:outputParameter name="rate">${decisionResult[0].out0}</camunda:outputParameter>'
        "</camunda:inputOutput>"
    )
    element = task("businessRuleTask", "x", mapping, _decisionRef="rate")
    case = run(*one(element), **{"processes__p__rate.dmn": table("FIRST", 1)}).start("p", n=9)
    assert case.variables == {"n": 9, "rate": 1}


@pytest.mark.parametrize("version", ["2", "1", ""])
def test_version_tags(run: Run, version: str) -> None:
    """A call and a decision with the binding versionTag get a part of that version, or the definition is refused."""
    bound = {"_calledElementBinding": "versionTag", "_calledElementVersionTag": "2"}
    caller = task("callActivity", "x", calledElement="q", **bound)
    said = f' camunda:versionTag="{version}"' if version else ""
    called = f'<bpmn:process id="q" isExecutable="true"{said}>{user("c")}</bpmn:process>'
    bench = run(*one(caller), more=called)
    if version == "2":
        assert bench.start("p").waiting_for == ["c"]
    else:
        with pytest.raises(InvalidDiagram, match="wants the version '2' of 'q'"):
            bench.start("p")
    wants = {"_decisionRefBinding": "versionTag", "_decisionRefVersionTag": "2"}
    element = task("businessRuleTask", "x", _decisionRef="rate", _resultVariable="r", **wants)
    mark = f' xmlns:camunda="http://camunda.org/schema/1.0/dmn" camunda:versionTag="{version}"' if version else ""
    dmn = table("FIRST", 1).replace('<decision id="rate"', f'<decision id="rate"{mark}')
    bench = run(*one(element), **{"processes__p__rate.dmn": dmn})
    if version == "2":
        assert bench.start("p", n=9).waiting_for == ["b"]
    else:
        with pytest.raises(InvalidDiagram, match="wants the version '2' of 'rate'"):
            bench.start("p", n=9)


def test_an_argument_that_is_read_by_name(run: Run) -> None:
    """A variable that is read through the execution is that variable; what is none is refused with what to write."""
    desk = Desk(orders__pay={})
    element = task("serviceTask", "x", _expression="${orders.pay(execution.getVariable('order'), n)}")
    run(*one(element), handlers=desk.handlers).start("p", order=7, n=1)
    assert desk.jobs[0].variables["order"] == 7
    for argument, told in (("order.id", "(id = =order.id)"), ("list[i]", "argument2 = =if list instance of"),
                           ("bean.make(1)", "(argument2)")):  # fmt: skip
        element = task("serviceTask", "x", _expression=f"${{orders.pay(n, {argument})}}")
        with pytest.raises(InvalidDiagram) as caught:
            run(*one(element)).start("p")
        assert told in caught.value.remedy
