"""``complaintflow demo``: a whole case, with the clock moved."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from complaintflow.cli.look import at, bold, clean, columns, counted, day_and_time, dim, say, sign, width, wrap
from complaintflow.cli.session import Session, command
from complaintflow.cli.words import DEMO

if TYPE_CHECKING:
    from complaintflow.cli.playing import Play, Step
    from complaintflow.cli.teller import Teller
    from complaintflow.definition.layers import Layers
    from complaintflow.facade.views import Case, Task
    from complaintflow.notices.notices import Notice

# How wide a line is where no terminal says it.
_WIDTH: Final = 100
_NOUNS: Final = {"events": ("entry", "entries"), "notices": ("notice",), "timers": ("timer",)}


@command("demo", shown=("language",))
@click.argument("process", default="customer", metavar="[PROCESS]")
@click.option("--notices", is_flag=True, help="Print every notice in full.")
@click.option("--pause", is_flag=True, help="Wait for Enter between the steps.")
def demo_command(session: Session, process: str, notices: bool, pause: bool) -> None:
    """Play a whole case of PROCESS [default: customer] with the clock moved, and say what it shows.

    The script is the process's demo.json. Nothing is stored.
    """
    from complaintflow.cli.caseview import Setting
    from complaintflow.cli.playing import Play, find_script
    from complaintflow.cli.teller import Teller
    from complaintflow.testing import Workbench

    library = session.library()
    bundle = library.newest(process)
    script = find_script(library.layers, process)
    bench = Workbench(layers=session.layer, calendar=bundle.calendar)
    try:
        play = Play(bench, process, f"processes/{process}/demo.json", _example(library.layers, process, session.tongue))
        setting = Setting.in_bundle(bundle, bench.now, bench.calendar.zone, session.tongue)
        say(bold(setting.title(bundle)))
        stage = _Stage(play, Teller.of(bundle, setting), full=notices, pause=pause and sys.stdin.isatty())
        for step in script:
            stage.perform(step)
        stage.finish()
    finally:
        bench.close()


def _example(layers: Layers, process: str, language: str) -> dict[str, Any]:
    """The shipped payload; whoever watches in Chinese sees Chinese letters."""
    from complaintflow.cli.data import parse_object

    parts = layers.every(f"processes/{process}/payload.json")
    data = parse_object(parts[0].content, parts[0].path) if parts else {}
    return data | {"language": language} if "language" in data else data


class _Stage:
    """Tells a play, step by step."""

    def __init__(self, play: Play, teller: Teller, *, full: bool, pause: bool) -> None:
        self.play = play
        self.teller = teller
        self.setting = teller.setting
        self.words = DEMO[self.setting.language]
        self.full = full
        self.pause = pause
        self.room = columns() or _WIDTH
        self.today = ""
        self.standing: list[str] = []
        say(dim(self.words["intro"]))
        say(dim(self.words["zone"].format(zone=self.setting.zone)))

    def perform(self, step: Step) -> None:
        """Say the sentence, do the step, tell what happened and what is waited for now."""
        if self.pause and step.number > 1:
            click.prompt(dim(self.words["more"]), default="", show_default=False, prompt_suffix="")
        sentence = step.say.get(self.setting.language) or step.say.get("en", "")
        if sentence:
            say()
            for line in wrap(clean(sentence), self.room):
                say(line, bold=True, fg="cyan")
        case = self.play.run(step)
        if not self._tell_news() and sentence:
            now = at(self.play.bench.now, self.setting.zone, self.setting.language)
            say(dim(f"    {sign('quiet')} {self.words['clock'].format(at=now)}"))
        self._tell_standing(case)

    def finish(self) -> None:
        """How it ended."""
        case = self.play.case
        assert case is not None
        zone = self.setting.zone
        count = (case.updated_at.astimezone(zone).date() - case.created_at.astimezone(zone).date()).days
        length = self.words["day"] if count == 1 else self.words["days"].format(count=count)
        history = case.history()
        say()
        if case.status == "active":
            say(self.words["open"], bold=True)
        else:
            say(self.words["end"].format(status=self.words[case.status], days=length), bold=True, fg="green")
        timers = sum(event.event == "timer-fired" for event in history)
        counts = {"events": len(history), "notices": len(self.play.bench.notices), "timers": timers}
        nouns = _NOUNS if self.setting.language == "en" else {}
        told = {name: counted(count, *nouns[name]) if nouns else str(count) for name, count in counts.items()}
        say(dim(self.words["counts"].format(**told)))
        say(dim(self.words["next"]) + f"complaintflow run {case.process} --example")

    def _tell_news(self) -> bool:
        from complaintflow.cli.timeline import print_event, tell

        told = False
        for event, notice in self.play.news():
            telling = tell(self.teller, event)
            if telling.quiet:
                continue
            told = True
            today, time = day_and_time(event.at, self.setting.zone, self.setting.language)
            self._turn_page(today)
            more = [*telling.more, *self.teller.notes(event, verbose=False)]
            if notice is not None:
                more += self._notice(notice)
            print_event(event, telling, more, time, self.room, wrapped=False)
        return told

    def _turn_page(self, today: str) -> None:
        if today != self.today:
            say(f"  {today}", bold=True)
            self.today = today

    def _notice(self, notice: Notice) -> list[str]:
        if self.full:
            text = "\n".join(wrap(f"{notice.subject}\n\n{notice.text}", self.room - 14))
            return ["", *(clean(line, lines=True) for line in text.split("\n")), ""]
        to = notice.to.person or notice.to.group or notice.to.address
        return [f"{clean(to)}: {clean(notice.subject)}" if to else clean(notice.subject)]

    def _tell_standing(self, case: Case) -> None:
        """Whom the case waits for, if that changed."""
        lines = [self._task(task) for task in case.tasks]
        lines += [self.words["message"].format(name=clean(name)) for name in case.standing]
        if lines and lines != self.standing:
            lead = f"    {sign('quiet')} {self.words['waits']} "
            for number, line in enumerate(lines):
                say(dim(lead if number == 0 else " " * width(lead)) + clean(line))
        self.standing = lines

    def _task(self, task: Task) -> str:
        hands = ", ".join(map(self.setting.value, task.groups)) or task.assignee or "-"
        text = f"{self.setting.name(task.element, task.name)} ({hands})"
        if task.due_at is None:
            return text
        late = task.due_at <= self.play.bench.clock.now()
        due = at(task.due_at, self.setting.zone, self.setting.language)
        return f"{text}, {self.words['late' if late else 'until'].format(at=due)}"
