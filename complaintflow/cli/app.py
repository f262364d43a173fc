"""The program: finding a command, the options that all commands share, and what happens to errors.

Exit codes: 0 done; 1 `check` or `verify` found something wrong; 2 a mistake that the user can mend (one of our own
errors, or the command line itself); 3 a defect of the program.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any, Final

import click

from complaintflow.cli.faults import defect, refused
from complaintflow.cli.session import Session, shared_options
from complaintflow.errors import ComplaintflowError
from complaintflow.version import __version__

# Command -> the module that has it, and one line of help. Only the command that is called is imported.
COMMANDS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "Cases": {
        "run": ("run", "Start a case and run it to its first person."),
        "tasks": ("inbox", "List open tasks, the earliest due first."),
        "complete": ("complete", "Complete a task: data from a file, fields, or its form's questions."),
        "show": ("show", "Show what happened to a case, and what it waits for."),
        "correlate": ("correlate", "Deliver a message to the cases that wait for it."),
        "broadcast": ("signalling", "Throw a signal: to all cases that wait for it, and all processes it begins."),
        "evaluate": ("signalling", "Begin a case wherever a start condition holds for the data."),
        "reporter": ("reporting", "Come back to a report made without a name, with its receipt."),
        "incidents": ("incidents", "List what a person must look at."),
        "resolve": ("incidents", "Clear an incident: the case tries again where it stopped."),
        "retry": ("retrying", "Clear several incidents, or all of a kind."),
        "suspend": ("suspending", "Let a case stand still until it is resumed."),
        "resume": ("suspending", "Let a suspended case go on."),
        "migrate": ("migrating", "Move running cases to another version of their definition."),
        "cancel": ("suspending", "End a case before its process does."),
        "schedule": ("scheduling", "List what the clock starts; let it start a process, or stop."),
        "worker": ("working", "Fire deadlines and run jobs until stopped."),
    },
    "Learning": {
        "figures": ("counting", "Count a policy's cases: rates, durations, promises, costs."),
        "surge": ("surges", "Show how many similar complaints there are, now or in past cases."),
        "report": ("presenting", "Write a report to look at: promises, charts, diagrams with heat. HTML or PDF."),
        "eventlog": ("mining", "Write what happened for a tool of process mining: OCEL 2.0 or XES."),
    },
    "Keeping": {
        "verify": ("verifying", "Prove that cases are as they were written, and that none is missing."),
        "export": ("retaining", "Copy a case into an archive bundle."),
        "hold": ("retaining", "Keep a case whatever its retention period says."),
        "purge": ("retaining", "Shred the cases whose retention period is over."),
        "upgrade": ("upgrading", "Bring the database's tables to this release's schema."),
        "keys": ("keys", "The keys that seal all cases: make, show, rotate, retire."),
    },
    "Processes": {
        "processes": ("processes", "List the processes that can be run."),
        "demo": ("demo", "Play a whole case with the clock moved, and say what it shows."),
        "check": ("checking", "Find everything wrong with a process, a layer or a file."),
        "trace": ("trace", "Show which element and which test stands for each clause."),
        "init": ("init", "Write a layer of your own, with only what differs."),
        "feel": ("expression", "Evaluate a FEEL expression."),
    },
}
_MODULES: Final = {name: module for group in COMMANDS.values() for name, (module, _) in group.items()}


class App(click.Group):
    """The commands of `COMMANDS`, imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the help."""
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module; its command has the command's name with a low line for a hyphen."""
        module = _MODULES.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(import_module(f"complaintflow.cli.{module}"), f"{cmd_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest name for a slip of the keyboard."""
        name = args[0]
        if name not in _MODULES and not name.startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(name, _MODULES, 1)
            hint = f" Did you mean '{near[0]}'?" if near else " `complaintflow --help` lists them."
            raise click.UsageError(f"there is no command '{name}'.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by group, without importing any."""
        for title, group in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name, line) for name, (_, line) in group.items()], col_max=12)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever goes wrong becomes one readable message and an exit code."""
        # Made here, it is the one that the command's own options are kept in.
        session = ctx.ensure_object(Session)
        try:
            return super().invoke(ctx)
        except ComplaintflowError as error:
            refused(error, session)
            ctx.exit(2)
        except (click.ClickException, click.exceptions.Exit, click.Abort, KeyboardInterrupt, BrokenPipeError):
            raise
        except Exception as error:
            if session.debug:
                raise
            defect(error)
            ctx.exit(3)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Settle colours first, so that usage errors follow them too."""
        if os.environ.get("NO_COLOR"):
            extra["color"] = False
        elif os.environ.get("FORCE_COLOR"):
            extra["color"] = True
        return super().make_context(info_name, args, parent, **extra)


@click.group(cls=App, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="complaintflow")
@shared_options(inside=False)
def app() -> None:
    """Written complaint policies that run.

    Start with `complaintflow demo customer`, then `complaintflow run customer --example`.
    """


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        # A label in Chinese must not stop a terminal that cannot write it.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    app(prog_name="complaintflow")
