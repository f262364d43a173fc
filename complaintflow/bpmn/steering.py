"""Ad-hoc sub-processes that ask a handler what to do next (Camunda 8: a task definition at the sub-process).

There is one job at a time. It is opened when the sub-process begins, and anew whenever an activity that was begun, with
what follows it, or an event sub-process is done; a job that is at work then is no longer wanted. The handler reads
``adHocSubProcessElements``, the activities that can be begun, and returns ``NextSteps``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from complaintflow.bpmn.node import Edge, Node, Stuck
from complaintflow.handlers.answers import STEPS

if TYPE_CHECKING:
    from complaintflow.bpmn.activities import Job
    from complaintflow.bpmn.adhoc import AdHocSubProcess
    from complaintflow.bpmn.token import Flow, Token

ELEMENTS: Final = "adHocSubProcessElements"


class Steering(Node):
    """The job of an ad-hoc sub-process, in the flow of the whole."""

    waits = "job"
    aside = True
    answers = STEPS

    def __init__(self, whole: AdHocSubProcess, job: Job) -> None:
        super().__init__(whole.inner, f"{whole.name}#steps", bpmn_name=whole.bpmn_name)
        self.bpmn_id = whole.name
        self.where = whole.where
        self.headers = whole.headers
        self.whole = whole
        self.job = job

    def begin(self, body: Token, flow: Flow) -> None:
        """Tell what can be begun, and ask for the first time."""
        body.game.own_scope(body).declare(
            ELEMENTS,
            [
                {
                    "elementId": node.name,
                    "elementName": node.bpmn_name,
                    "documentation": node.documentation or "",
                    "properties": dict(node.properties),
                }
                for node in self.whole.inner.sources
            ],
        )
        flow.game.spawn(flow, self)

    def ask_again(self, flow: Flow) -> None:
        """Something inside is done: ask anew, unless the sub-process is done as well."""
        assert flow.host is not None
        if flow.host.internal_data.get("enough"):
            return
        for token in list(flow.tokens):
            if token.task_spec is self:
                token.cancel()
        flow.game.spawn(flow, self)

    def _run(self, token: Token) -> bool | None:
        self.job.open(token)
        return None

    def refuses(self, token: Token, answer: dict[str, Any]) -> str | None:
        """An activity to begin is not there."""
        known = {node.name for node in self.whole.inner.sources}
        wrong = sorted({element for element, _ in answer["activate"]} - known)
        if wrong:
            return f"'{self.label}' cannot begin {', '.join(wrong)}; it has {', '.join(sorted(known))}"
        return None

    def answer(self, token: Token, answer: dict[str, Any]) -> None:
        """Kept until the job is done."""
        token.internal_data["steps"] = answer

    def merge_results(self, token: Token, variables: dict[str, Any]) -> None:
        """They are the sub-process's own."""
        body, steps = token.workflow.host, token.internal_data.get("steps", {})
        assert body is not None
        token.game.own_scope(body).take(variables | steps.get("variables", {}))

    def choose(self, token: Token) -> list[Edge]:
        """It goes nowhere."""
        return []

    def _on_complete(self, token: Token) -> None:
        flow, steps = token.workflow, token.internal_data.get("steps", {})
        super()._on_complete(token)
        self._take(flow, steps)

    def _take(self, flow: Flow, steps: dict[str, Any]) -> None:
        """Begin what the handler said, or be done."""
        body, game = flow.host, flow.game
        assert body is not None
        if steps.get("cancel"):
            others = [token for token in flow.tokens if token.host is None and not token.task_spec.arms_flow]
            for token in others:
                if not token.task_spec.outlasts:
                    token.cancel()
        if steps.get("done"):
            body.internal_data["enough"] = True
            game.touched.add(flow)
            return
        for element, own in steps.get("activate", ()):
            self.whole.activate(flow, element, own)
        if not flow.busy:
            # Nothing would ever come of it.
            why = f"the handler of '{self.label}' began nothing, and did not say that it is done"
            game.halt(game.place(flow, self), Stuck("job", why))
