"""The options that all commands share, and the engine that they mean."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from complaintflow.cli.look import aside, clean
from complaintflow.cli.words import SCREEN
from complaintflow.errors import ComplaintflowError, StoreError
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from datetime import tzinfo

    from complaintflow.access.identity import StaticIdentity
    from complaintflow.definition.definition import Bundle
    from complaintflow.definition.layers import Layers
    from complaintflow.definition.library import Library
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Case

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class Session:
    """What was given on the command line for all commands."""

    database: str | None = None
    layer: tuple[str, ...] = ()
    app: str | None = None
    language: str | None = None
    verbose: int = 0
    debug: bool = False
    strict: bool = False
    acting: str | None = None
    people: str | None = None
    log_format: str = "text"

    @contextmanager
    def engine(self, *, reading: bool = False) -> Iterator[Engine]:
        """The engine, closed afterwards.

        Args:
            reading: the command only looks, so a database file that is not there is an error, not a new file.

        Raises:
            ComplaintflowError: the database, a layer or the application cannot be used; nobody has the name of --as.
        """
        _talk(self.verbose, self.log_format)
        engine = self._application() if self.app else self._plain(reading)
        try:
            if self.acting:
                # Also where a command asks nobody who acts, a name that nobody has is a slip.
                self.hand(engine)
            yield engine
        finally:
            engine.close()

    def hand(self, engine: Engine, actor: str | None = None) -> Engine:
        """What a command looks at cases with: where it is known who people are, the desk of whoever acts.

        Args:
            actor: who acts, where the command has an option of its own for it.

        Raises:
            AccessDenied: nobody known by that name.
        """
        if self.acting and actor and self.acting != actor:
            raise click.UsageError("--as and --actor name two people")
        if not engine.settings.access.enforced:
            if self.acting:
                raise click.UsageError("--as needs --people FILE, or an --app whose engine has an identity")
            return engine
        who = self.acting or actor
        if who is None:
            raise click.UsageError("say who you are: --as PERSON")
        known = self.identity()
        if known is not None and known.person(who) is None:
            from complaintflow.definition.fitting import nearest
            from complaintflow.errors import AccessDenied

            what = f"there is nobody with the id '{who}'"
            raise AccessDenied(what, where=str(self.people), advice=nearest(who, known.ids))
        return cast("Engine", engine.desk(who))

    def who(self, engine: Engine, actor: str | None = None) -> str | None:
        """Who acts, for what a policy has no right for: known by name where people are; else as was said, or None.

        Raises:
            AccessDenied: nobody known by that name.
        """
        self.hand(engine, actor)
        return self.acting or actor

    def identity(self) -> StaticIdentity | None:
        """Who people are, if a file says so. Raises InvalidIdentity."""
        from complaintflow.access.identity import StaticIdentity

        return StaticIdentity.load(self.people) if self.people else None

    def library(self) -> Library:
        """The definitions, without a database."""
        if self.app:
            engine = self._application()
            engine.close()
            return engine.library
        from complaintflow.definition.library import Library

        return Library(self.layers())

    def layers(self) -> Layers:
        """Where definitions are looked up."""
        from complaintflow.definition.layers import Layers

        return Layers(self.layer)

    @property
    def tongue(self) -> str:
        """The language of labels: as asked for, else the terminal's; "en" or "zh"."""
        wishes = (self.language, *(os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG")))
        return "zh" if next((wish for wish in wishes if wish), "en").startswith("zh") else "en"

    def _plain(self, reading: bool) -> Engine:
        from complaintflow.facade.engine import Engine
        from complaintflow.facade.runner import database_url

        url = self.database or database_url()
        if reading:
            _must_exist(url)
        return Engine(url, layers=self.layer, strict=self.strict, identity=self.identity())

    def _application(self) -> Engine:
        if self.database or self.layer:
            raise click.UsageError("--app brings its own database and layers; leave out --database and --layer")
        if self.people:
            raise click.UsageError("--app brings its own identity; write Engine(..., identity=...) there")
        if self.strict:
            raise click.UsageError("--app brings its own keys; write Engine(..., strict=True) there")
        return _load(str(self.app))


def again(words: str) -> str:
    """A command to type next, with the database, layers and application that this one was given."""
    context = click.get_current_context(silent=True)
    session = context.find_object(Session) if context is not None else None
    if session is None:
        return f"complaintflow {words}"
    options: list[tuple[str, str]] = []
    if session.app and session.app != os.environ.get("COMPLAINTFLOW_APP"):
        options.append(("--app", session.app))
    if session.database:
        # A password that somebody typed is not printed for others to read.
        secret = re.search(r"//[^/@]*:[^/@]*@", session.database)
        options.append(("--database", "URL" if secret else session.database))
    if session.people and session.people != os.environ.get("COMPLAINTFLOW_PEOPLE"):
        options.append(("--people", session.people))
    if session.acting:
        options.append(("--as", session.acting))
    if session.layer != tuple(filter(None, os.environ.get("COMPLAINTFLOW_LAYERS", "").split(os.pathsep))):
        options += [("--layer", folder) for folder in session.layer]
    strict = ["--strict"] if session.strict else []
    return " ".join(["complaintflow", words, *strict, *(f"{name} {shlex.quote(value)}" for name, value in options)])


def again_at_a_desk(words: str) -> str:
    """As `again`, for a command that asks who does it where it is known who people are."""
    context = click.get_current_context(silent=True)
    session = context.find_object(Session) if context is not None else None
    nameless = session is not None and session.people and not session.acting
    return again(f"{words} --as PERSON" if nameless else words)


def find_case(engine: Engine, name: str) -> Case:
    """The case that somebody means: by its key first, since a key may look like the beginning of an id.

    Raises:
        UnknownCase: none fits, or several do.
    """
    by_key = engine.cases(key=name, limit=2)
    return by_key[0] if len(by_key) == 1 else engine.case(name)


def zone_of(engine: Engine, bundle: Bundle) -> tzinfo:
    """The zone in which a case's days are counted."""
    return (engine.settings.calendar or bundle.calendar).zone


def warn_backlog(engine: Engine, language: str) -> None:
    """Say so when something is due and nobody works; not to people at a desk, whom other cases do not concern."""
    warning = None if engine.settings.access.enforced else engine.backlog_warning(language)
    if warning:
        aside(click.style(SCREEN[language]["warning"], fg="yellow", bold=True) + warning)


# What the help of a command has that asks who acts.
ACTING: Final = ("as", "people")

# The options of `Session` in the order of the help.
_OPTIONS: Final[tuple[tuple[tuple[str, ...], dict[str, Any]], ...]] = (
    (("--database",), {
        "metavar": "URL",
        "help": "Where cases are kept [default: COMPLAINTFLOW_DATABASE_URL, else sqlite:///complaintflow.db].",
    }),
    (("acting", "--as"), {"metavar": "PERSON", "help": "Who acts, by the id in that file."}),
    (("--people",), {
        "metavar": "FILE", "type": click.Path(), "envvar": "COMPLAINTFLOW_PEOPLE",
        "help": "Who people are and which groups they belong to; each sees and does only what the policy lets them.",
    }),
    (("--layer",), {
        "metavar": "DIR", "multiple": True, "type": click.Path(), "envvar": "COMPLAINTFLOW_LAYERS",
        "help": "A folder of your own definitions; the nearest first. Repeatable.",
    }),
    (("--app",), {
        "metavar": "MODULE:NAME", "envvar": "COMPLAINTFLOW_APP",
        "help": "Your own engine with its handlers: an Engine, or a function that returns one.",
    }),
    (("--language",), {
        "type": click.Choice(["en", "zh"]), "help": "Language of labels and questions [default: the terminal's].",
    }),
    (("-v", "--verbose"), {"count": True, "help": "Say more; -vv says everything."}),
    (("--log-format",), {
        "type": click.Choice(["text", "json"]), "envvar": "COMPLAINTFLOW_LOG_FORMAT",
        "help": "How the log is written to standard error [default: text].",
    }),
    (("--strict",), {"is_flag": True, "help": "Refuse to make a key: one must be configured."}),
    (("--debug",), {"is_flag": True, "help": "Show the traceback of a defect."}),
)  # fmt: skip


def shared_options(*, inside: bool = True, shown: tuple[str, ...] = ()) -> Callable[[F], F]:
    """The options of `Session`, before the command or behind it.

    Args:
        inside: behind the command: they are left out of its help, since the program's help has them, and the
            environment was asked before.
        shown: those that its help has all the same.
    """

    def keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        if value:
            setattr(ctx.ensure_object(Session), str(param.name), value)

    def decorate(function: F) -> F:
        # Behind a command that has a `--strict` of its own (`check`) it means that one.
        own = {name for parameter in getattr(function, "__click_params__", ()) for name in parameter.opts}
        for names, settings in reversed(_OPTIONS):
            if own.isdisjoint(names):
                hidden = inside and names[-1].removeprefix("--") not in shown
                asked = settings | ({"envvar": None} if inside else {})
                function = click.option(*names, expose_value=False, callback=keep, hidden=hidden, **asked)(function)
        return function

    return decorate


pass_session = click.make_pass_decorator(Session, ensure=True)


def command(name: str, *, shown: tuple[str, ...] = ()) -> Callable[[Callable[..., Any]], click.Command]:
    """A command that takes the session first, and the shared options anywhere; its help has those in ``shown``."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        return click.command(name)(shared_options(shown=shown)(pass_session(function)))

    return decorate


def json_option(function: F) -> F:
    """``--json``, handed on as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="For programs: JSON on standard output.")(function)


def _must_exist(url: str) -> None:
    from complaintflow.adapters.sql.url import parse

    address = parse(url)
    if address.missing:
        raise StoreError(
            "there are no cases yet: the database does not exist",
            where=str(Path(address.database).absolute()),
            advice="start a case, for example `complaintflow run customer --example`, or name another --database",
        )


def _load(place: str) -> Engine:
    from complaintflow.facade.engine import Engine

    module, _, name = place.partition(":")
    if not (module and name):
        what = "the application is named by its module and its name in it, with a colon between"
        raise ComplaintflowError(what, where=f"--app {place}", advice="write --app module:name")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ComplaintflowError(
            f"the application cannot be loaded: {error}", where=f"--app {place}", advice="write --app module:name"
        ) from error
    engine = found if isinstance(found, Engine) else found() if callable(found) else None
    if not isinstance(engine, Engine):
        raise ComplaintflowError(
            "the application is neither an Engine nor a function that returns one", where=f"--app {place}"
        )
    return engine


def _talk(verbose: int, form: str) -> None:
    """Send the library's log to standard error; as text for people, or as JSON for programs."""
    import logging

    class Aside(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if form == "json":
                click.echo(self.format(record), err=True)
                return
            text = clean(self.format(record), lines=True)
            if record.levelno >= logging.WARNING:
                aside(click.style("Warning: ", fg="yellow", bold=True) + text)
            else:
                aside(text, dim=True)

    handler = Aside()
    if form == "json":
        from complaintflow.logs import JsonFormatter

        handler.setFormatter(JsonFormatter())
    # What goes wrong in the others we say once, in our own words.
    for name, heard in (("complaintflow", True), ("procrastinate", verbose > 0), ("psycopg.pool", verbose > 0)):
        log = logging.getLogger(name)
        log.handlers = [known for known in log.handlers if type(known).__name__ not in ("Aside", "NullHandler")]
        log.addHandler(handler if heard else logging.NullHandler())
    logging.getLogger("complaintflow").setLevel((logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)])
