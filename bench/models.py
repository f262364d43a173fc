"""The models that the benchmarks run, written out so that other engines can be given the same."""

from __future__ import annotations

from pathlib import Path

STEPS = 14
REWORK = (5, 10)
"""After which step a case may go back, and to which: (to, from)."""

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" {more} id="d" targetNamespace="bench">
<bpmn:process id="{process}" isExecutable="true">
<bpmn:startEvent id="start"/><bpmn:endEvent id="end"/>
<bpmn:exclusiveGateway id="again" default="f-on"/>"""
_LATE = (
    '<bpmn:boundaryEvent id="late-{0}" cancelActivity="false" attachedToRef="step-{0}"><bpmn:timerEventDefinition>'
    '<bpmn:timeDuration xsi:type="bpmn:tFormalExpression">{1}</bpmn:timeDuration></bpmn:timerEventDefinition>'
    "</bpmn:boundaryEvent>"
)
_ZEEBE = 'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def complaint(process: str, *, stock: bool = False, deadlines: bool = True) -> str:
    """A complaint of fourteen steps with a rework loop, as a diagram.

    Args:
        process: its id.
        stock: for SpiffWorkflow's own parser, which reads Python expressions and no ``zeebe:`` elements.
        deadlines: whether each step may be late, which opens a timer beside its task.
    """
    back_to, asked_after = REWORK
    lines = [_HEAD.format(process=process, more=_XSI if stock else f"{_XSI} {_ZEEBE}")]
    if deadlines:
        after = '"P3D"' if stock else "P3D"
        lines += [_LATE.format(n, after) for n in range(1, STEPS + 1)]
    inside = "" if stock else "<bpmn:extensionElements><zeebe:userTask/>{}</bpmn:extensionElements>"
    assigned = '<zeebe:assignmentDefinition candidateGroups="complaints-office"/>'
    lines += [f'<bpmn:userTask id="step-{n}">{inside.format(assigned)}</bpmn:userTask>' for n in range(1, STEPS + 1)]
    flows = [("start", "step-1"), *((f"step-{n}", f"step-{n + 1}") for n in range(1, STEPS) if n != asked_after)]
    flows += [(f"step-{asked_after}", "again"), (f"step-{STEPS}", "end")]
    lines += [f'<bpmn:sequenceFlow id="f-{a}-{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in flows]
    condition = "rework" if stock else "=rework = true"
    lines += [
        f'<bpmn:sequenceFlow id="f-back" sourceRef="again" targetRef="step-{back_to}"><bpmn:conditionExpression'
        f' xsi:type="bpmn:tFormalExpression">{condition}</bpmn:conditionExpression></bpmn:sequenceFlow>',
        f'<bpmn:sequenceFlow id="f-on" sourceRef="again" targetRef="step-{asked_after + 1}"/>',
        "</bpmn:process></bpmn:definitions>",
    ]
    return "\n".join(lines)


def layer(folder: Path, process: str) -> Path:
    """A layer with the model in it."""
    place = folder / "processes" / process
    place.mkdir(parents=True)
    (place / f"{process}.bpmn").write_text(complaint(process), encoding="utf-8")
    policy = f'[policy]\nid = "{process}"\ntitle = "Benchmark"\n'
    (place / "policy.toml").write_text(policy, encoding="utf-8")
    return folder
