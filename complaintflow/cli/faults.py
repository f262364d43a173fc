"""What a person sees of an error."""

from __future__ import annotations

import os
import secrets
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from complaintflow.cli.look import aside, clean, dim
from complaintflow.errors import ComplaintflowError, MissingHandler, UnknownProcess

if TYPE_CHECKING:
    from complaintflow.cli.session import Session


def refused(error: ComplaintflowError, session: Session) -> None:
    """One of our own errors: what, where, what to do; and what the command was not given that may be missing."""
    what, *rest = clean(str(error), lines=True).split("\n")
    aside(click.style("Error: ", fg="red", bold=True) + click.style(what, bold=True))
    for line in rest:
        label, colon, text = line.partition(": ")
        known = colon and label in ("  where", "  what to do")
        aside(click.style(label + colon, dim=True) + text if known else line)
    own = session.layer or session.app
    if isinstance(error, UnknownProcess) and error.remedy == error.advice and not own:
        aside(dim("  here: ") + "processes of your own come with --layer FOLDER, or with --app module:engine")
    if isinstance(error, MissingHandler):
        aside(dim("  here: ") + "bring your handlers with --app module:engine (see `complaintflow --help`)")


def defect(error: BaseException) -> None:
    """An error that nobody foresaw: one line with its id; the traceback goes to a file that only the user can read."""
    number = secrets.token_hex(4)
    details = _keep(number, "".join(traceback.format_exception(error)))
    place = f"details: {details}" if details else "run it again with --debug for the details"
    aside(
        click.style("Error: ", fg="red", bold=True)
        + f"something unexpected happened in complaintflow ({type(error).__name__}, id {number}); {place}"
    )


def _keep(number: str, text: str) -> Path | None:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    for folder in (Path(state) / "complaintflow", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = folder / f"complaintflow-{number}.log"
            # A message may quote what a reporter wrote, so nobody else may read it.
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(text)
        except (OSError, RuntimeError):
            continue
        return file
    return None
