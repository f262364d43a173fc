"""``complaintflow init``: a layer of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from complaintflow.cli.data import write_json
from complaintflow.cli.look import bold, dim, say
from complaintflow.cli.session import Session, command, json_option


@command("init", shown=("language",))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--from", "process", required=True, metavar="PROCESS", help="The process that you want to vary.")
@json_option
def init_command(session: Session, folder: Path, process: str, as_json: bool) -> None:
    """Write FOLDER, a layer with only what differs from PROCESS: at first nothing.

    Its policy.toml shows every value, commented out; uncomment and change what is different with you. With --language
    zh the diagrams, tables and forms are written in Chinese, for designers who read Chinese.

    \b
    complaintflow init my-company --from wedding-client
    complaintflow --layer my-company check wedding-client
    """
    from complaintflow.cli.layer_making import make_layer, write

    # Only where it was asked for: a Chinese terminal alone does not make Chinese diagrams.
    files = make_layer(session.library(), process, session.language or "en")
    written = write(folder, files)
    if as_json:
        write_json([str(path) for path in written])
        return
    say(bold(str(folder)))
    for path in written:
        say(f"  {path.relative_to(folder).as_posix()}")
    say()
    say(dim("Next: ") + f"edit {folder}/processes/{process}/policy.toml, then:")
    say(f"      complaintflow --layer {folder} check {process}")
    say(f"      complaintflow --layer {folder} run {process} --example")
