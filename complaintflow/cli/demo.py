"""``complaintflow demo``: a whole case, with the clock moved."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from complaintflow.cli.look import bold, clean, columns, day, dim, say, sign, until, wrap
from complaintflow.cli.session import Session, command

if TYPE_CHECKING:
    from complaintflow.cli.caseview import Setting
    from complaintflow.cli.playing import Play, Step
    from complaintflow.cli.timeline import Teller
    from complaintflow.notices import Notice
    from complaintflow.views import Case

_TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "intro": "The clock is virtual and the database lives in memory: nothing here touches real cases.",
        "waits": "waits for",
        "until": "until",
        "message": "the message",
        "end": "The case is {status} after {days}.",
        "open": "The demonstration ends here; the case is still open.",
        "counts": "{events} entries of history, {notices} notices, {timers} deadlines fired.",
        "days": "{count} days",
        "day": "one day",
        "next": "Try it yourself: ",
        "more": "Press Enter to go on",
    },
    "zh": {
        "intro": "时钟是虚拟的，数据库只在内存中：不会影响任何真实案件。",
        "waits": "等待",
        "until": "截止",
        "message": "消息",
        "end": "案件在{days}后结束，状态：{status}。",
        "open": "演示到此为止，案件尚未结束。",
        "counts": "共{events}条历史记录，{notices}份通知，{timers}次期限触发。",
        "days": "{count}天",
        "day": "一天",
        "next": "自己试一试：",
        "more": "按回车继续",
    },
}
_STATUS_ZH: Final = {"completed": "已完成", "cancelled": "已取消", "active": "进行中"}


@command("demo", shown=("language",))
@click.argument("process", default="customer", metavar="[PROCESS]")
@click.option("--notices", is_flag=True, help="Print every notice in full.")
@click.option("--pause", is_flag=True, help="Wait for Enter between the steps.")
def demo_command(session: Session, process: str, notices: bool, pause: bool) -> None:
    """Play a whole case of PROCESS [default: customer] with the clock moved, and say what it shows.

    The script is the process's demo.json. Nothing is stored.
    """
    from complaintflow.cli.caseview import Setting
    from complaintflow.cli.labels import labels
    from complaintflow.cli.playing import Play, find_script
    from complaintflow.cli.timeline import Teller
    from complaintflow.testing import Workbench

    library = session.library()
    bundle = library.newest(process)
    script = find_script(library.layers, process)
    texts = _TEXTS[session.tongue]
    known = labels(bundle, session.tongue)
    bench = Workbench(layers=session.layer, calendar=bundle.calendar)
    try:
        play = Play(bench, process, f"processes/{process}/demo.json", _example(session, process))
        setting = Setting(bench.now, bench.calendar.zone, session.tongue, known)
        names = {str(node.bpmn_id): setting.name(str(node.bpmn_id), node.label) for node in bundle.program.nodes}
        say(bold(clean(bundle.policy.head.title or process)))
        say(dim(texts["intro"]))
        stage = _Stage(play, Teller(setting, names), texts, full=notices, pause=pause and sys.stdin.isatty())
        for step in script:
            stage.perform(step)
        stage.finish()
    finally:
        bench.close()


def _example(session: Session, process: str) -> dict[str, Any]:
    from complaintflow.cli.data import parse_object

    parts = session.layers().every(f"processes/{process}/payload.json")
    return parse_object(parts[0].content, parts[0].path) if parts else {}


class _Stage:
    """Tells a play, step by step."""

    def __init__(self, play: Play, teller: Teller, texts: Mapping[str, str], *, full: bool, pause: bool) -> None:
        self.play = play
        self.teller = teller
        self.texts = texts
        self.full = full
        self.pause = pause
        self.today = ""
        self.standing = ""

    def perform(self, step: Step) -> None:
        """Say the sentence, do the step, tell what happened and what is waited for now."""
        if self.pause and step.number > 1:
            click.prompt(dim(self.texts["more"]), default="", show_default=False, prompt_suffix="")
        sentence = step.say.get(self.teller.setting.language) or step.say.get("en", "")
        say()
        for line in wrap(clean(sentence), columns() or 100) if sentence else ():
            say(line, bold=True, fg="cyan")
        case = self.play.run(step)
        self._tell_news()
        self._tell_standing(case)

    def finish(self) -> None:
        """How it ended."""
        case = self.play.case
        assert case is not None
        setting = self.teller.setting
        count = (case.updated_at.astimezone(setting.zone).date() - case.created_at.astimezone(setting.zone).date()).days
        length = self.texts["day"] if count == 1 else self.texts["days"].format(count=count)
        status = _STATUS_ZH.get(case.status, case.status) if setting.language == "zh" else case.status
        history = case.history()
        say()
        if case.status == "active":
            say(self.texts["open"], bold=True)
        else:
            say(self.texts["end"].format(status=status, days=length), bold=True, fg="green")
        say(dim(self.texts["counts"].format(
            events=len(history), notices=len(self.play.bench.notices),
            timers=sum(event.event == "timer-fired" for event in history),
        )))  # fmt: skip
        say(dim(self.texts["next"]) + f"complaintflow run {case.process} --example")

    def _tell_news(self) -> None:
        from complaintflow.cli.timeline import print_event

        for event, notice in self.play.news():
            telling = self.teller.tell(event)
            if telling.quiet:
                continue
            local = event.at.astimezone(self.teller.setting.zone)
            self._turn_page(local)
            more = [*telling.more, *self.teller.notes(event, verbose=False)]
            if notice is not None:
                more += self._notice(notice)
            print_event(event, telling, more, local, verbose=False)

    def _turn_page(self, local: datetime) -> None:
        today = day(local, self.teller.setting.language)
        if today != self.today:
            say(f"  {today}", bold=True)
            self.today = today

    def _notice(self, notice: Notice) -> list[str]:
        if self.full:
            return ["", *(clean(line, lines=True) for line in f"{notice.subject}\n\n{notice.text}".split("\n")), ""]
        to = notice.to.person or notice.to.group or notice.to.address
        return [f"{clean(to)}: {clean(notice.subject)}" if to else clean(notice.subject)]

    def _tell_standing(self, case: Case) -> None:
        """Whom the case waits for, if that changed."""
        setting = self.teller.setting
        lines = []
        for task in case.tasks:
            due = f", {self.texts['until']} {until(task.due_at, setting.zone, setting.language)}" if task.due_at else ""
            name = setting.name(task.element, task.name)
            lines.append(f"{name} ({', '.join(task.groups) or task.assignee or '-'}){due}")
        lines += [f"{self.texts['message']} '{name}'" for name in case.messages]
        standing = "\n".join(lines)
        if standing and standing != self.standing:
            for number, line in enumerate(lines):
                lead = self.texts["waits"] if number == 0 else " " * len(self.texts["waits"])
                say(dim(f"    {sign('quiet')} {lead} ") + clean(line))
        self.standing = standing
