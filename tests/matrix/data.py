"""Data, lanes, pools, and the rest that is drawn for people."""

from __future__ import annotations

from tests.diagrams import attributes, end, flows, io, message, process, start, user
from tests.matrix.rows import Row


def _task(body: str, extension: str = "") -> str:
    return user("a", extension=extension).replace("</bpmn:userTask>", body + "</bpmn:userTask>")


def _specification(inputs: str = "", outputs: str = "") -> str:
    """An ioSpecification with one data input ``in`` and one data output ``out`` of these names."""
    drawn_in = f'<bpmn:dataInput id="in" name="{inputs}"/>' if inputs else ""
    drawn_out = f'<bpmn:dataOutput id="out" name="{outputs}"/>' if outputs else ""
    refs_in = "<bpmn:dataInputRefs>in</bpmn:dataInputRefs>" if inputs else ""
    refs_out = "<bpmn:dataOutputRefs>out</bpmn:dataOutputRefs>" if outputs else ""
    return (
        f"<bpmn:ioSpecification>{drawn_in}{drawn_out}<bpmn:inputSet>{refs_in}</bpmn:inputSet>"
        f"<bpmn:outputSet>{refs_out}</bpmn:outputSet></bpmn:ioSpecification>"
    )


def _association(kind: str, source: str, target: str, inner: str = "") -> str:
    ends = f"<bpmn:sourceRef>{source}</bpmn:sourceRef>" if source else ""
    ends += f"<bpmn:targetRef>{target}</bpmn:targetRef>"
    return f"<bpmn:data{kind}Association>{ends}{inner}</bpmn:data{kind}Association>"


def _assignment(source: str, target: str) -> str:
    return f"<bpmn:assignment><bpmn:from>{source}</bpmn:from><bpmn:to>{target}</bpmn:to></bpmn:assignment>"


_OBJECT = '<bpmn:dataObject id="o"/><bpmn:dataObjectReference id="d" name="letter" dataObjectRef="o"/>'
_RUN = (start(), end(), flows("start > a > end"))
_LOOP = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>d</bpmn:loopDataInputRef>"
    '<bpmn:loopDataOutputRef>r</bpmn:loopDataOutputRef><bpmn:inputDataItem id="i" name="one"/>'
    '<bpmn:outputDataItem id="j" name="got"/></bpmn:multiInstanceLoopCharacteristics>'
)

ROWS = [
    Row("Data object", "beside an activity", "is drawn for people; what an activity reads are the variables around it",
        (*_RUN, _OBJECT, _task('<bpmn:property id="x" name="__targetRef_placeholder"/>'
         + _association("Input", "d", "x")
         + _association("Output", "", "d"))),
        ("-> a", "a y=1 -> ended"), first={"letter": 1}, then={"letter": 1, "y": 1, "__targetRef_placeholder": None}),
    Row("Data store", "beside an activity", "is drawn for people",
        (*_RUN, '<bpmn:dataStoreReference id="d" name="archive"/>', _task(_association("Output", "", "d"))),
        ("-> a", "a -> ended")),
    Row("Data input", "association between two names", "is an input mapping",
        (*_RUN, _OBJECT, _task(_specification("text") + _association("Input", "d", "in")
         , io(None, {"seen": "text"}))),
        ("-> a", "a -> ended"), first={"letter": "Dear"}, then={"seen": "Dear", "text": None}),
    Row("Data input", "assignment", "is an input mapping in FEEL",
        (*_RUN, _OBJECT, _task(_specification("n") + _association("Input", "d", "in",
         _assignment("letter.pages + 1", "n")),
         io(None, {"seen": "n"}))),
        ("-> a", "a -> ended"), first={"letter": {"pages": 2}}, then={"seen": 3, "n": None}),
    Row("Data input", "transformation", "is an input mapping in FEEL",
        (*_RUN, _OBJECT, _task(_specification("n") + _association("Input", "d", "in",
         "<bpmn:transformation>upper case(letter)</bpmn:transformation>"), io(None, {"seen": "n"}))),
        ("-> a", "a -> ended"), first={"letter": "abc"}, then={"seen": "ABC"}),
    Row("Data output", "association between two names", "is an output mapping",
        (*_RUN, _OBJECT, _task(_specification("", "text") + _association("Output", "out", "d"))),
        ("-> a", 'a text="Dear" -> ended'), then={"letter": "Dear", "text": None}),
    Row("Data output", "assignment", "is an output mapping in FEEL",
        (*_RUN, _OBJECT, _task(_specification("", "text") + _association("Output", "out", "d",
         _assignment("text + \"!\"", "letter")))),
        ("-> a", 'a text="Dear" -> ended'), then={"letter": "Dear!"}),
    Row("Data input and output", "of one name", "moves nothing: the activity sees the variable anyway",
        (*_RUN, _OBJECT, _task(_specification("letter", "letter") + _association("Input", "d", "in")
         + _association("Output", "out", "d"))),
        ("-> a", "a letter=2 y=3 -> ended"), first={"letter": 1}, then={"letter": 2, "y": 3}),
    Row("Multi-instance", "over BPMN's own data", "has a round for each item of a data object",
        (*_RUN, _OBJECT, '<bpmn:dataObjectReference id="r" name="answers" dataObjectRef="o2"/>',
         '<bpmn:dataObject id="o2"/>',
         user("a", loop=_LOOP)),
        ("-> a a", "a got=1 -> a", "a got=2 -> ended"), first={"letter": [7, 8]}, then={"answers": [1, 2]}),
    Row("Property", "of a process or activity", "is declared for people: a variable is there once it is set",
        (*_RUN, '<bpmn:property id="x" name="letter"/>', _task('<bpmn:property id="y" name="page"/>')),
        ("-> a", "a -> ended"), then={"letter": None}),
    Row("Lane", "process", "says who does what, for people",
        (*_RUN, user("a"), '<bpmn:laneSet id="ls"><bpmn:lane id="l" name="Desk"><bpmn:flowNodeRef>a</bpmn:flowNodeRef>'
         "</bpmn:lane></bpmn:laneSet>"),
        ("-> a", "a -> ended")),
    Row("Pool and message flow", "collaboration", "is drawn for people",
        (*_RUN, user("a")), ("-> a", "a -> ended"), roots=(message("m", "m"),),
        more=('<bpmn:collaboration id="col"><bpmn:participant id="p1" name="We" processRef="tns:p"/>'
              '<bpmn:participant id="p2" name="They"/>'
              '<bpmn:messageFlow id="mf" sourceRef="a" targetRef="p2"/></bpmn:collaboration>',)),
    Row("Text annotation, group and association", "process", "is drawn for people",
        (*_RUN, user("a"), '<bpmn:textAnnotation id="n"><bpmn:text>Why</bpmn:text></bpmn:textAnnotation>'
         '<bpmn:association id="as" sourceRef="a" targetRef="n"/><bpmn:group id="gr"/>'),
        ("-> a", "a -> ended")),
    Row("Process", "not executable, in the same file", "is a picture, and is left alone",
        (*_RUN, user("a")), ("-> a", "a -> ended"),
        more=(attributes(process(start("o"), name="o-process"), x="y").replace(' x="y"', "").replace(
            'isExecutable="true"', 'isExecutable="false"'),)),
]  # fmt: skip
