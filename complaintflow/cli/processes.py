"""``complaintflow processes``: what can be run."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from complaintflow.cli.data import write_json
from complaintflow.cli.look import cell, dim, say, table
from complaintflow.cli.session import Session, command, json_option

if TYPE_CHECKING:
    from complaintflow.definition.library import Library


@command("processes")
@json_option
def processes_command(session: Session, as_json: bool) -> None:
    """List the processes that can be run, with the layers that make them up."""
    library = session.library()
    found = [_describe(library, name) for name in library.processes()]
    if as_json:
        write_json(found)
        return
    table(("PROCESS", "TITLE", "SOURCE", "LAYERS"), [
        [cell(one["id"], bold=True), cell(one["title"]), cell(one["source"], dim=True), cell(" > ".join(one["layers"]))]
        for one in found
    ], indent="", shrink=2)  # fmt: skip
    # Ours come first: they are known to run without any code.
    examples = sorted((one for one in found if one["example"]), key=lambda one: "complaintflow" not in one["layers"])
    if examples:
        say()
        say(dim("Try one: ") + f"complaintflow run {examples[0]['id']} --example")


def _describe(library: Library, name: str) -> dict[str, Any]:
    """Only the policy file's head is read, so that a broken diagram does not hide the others."""
    head: dict[str, Any] = {}
    layers, folders = library.layers, library.addresses.folders(name)
    policies = [part for folder in sorted(folders) for part in layers.every(f"processes/{folder}/policy.toml")]
    for part in reversed(policies):
        try:
            table = tomllib.loads(part.content.decode("utf-8-sig")).get("policy")
        except ValueError:
            continue
        head |= table if isinstance(table, dict) else {}
    diagrams = [part for path in library.addresses.paths(name) for part in layers.every(path)]
    return {
        "id": name,
        "title": str(head.get("title", "")),
        "source": str(head.get("source", "")),
        "layers": list(dict.fromkeys(part.layer for part in (*policies, *diagrams))),
        "example": bool(layers.every(f"processes/{name}/payload.json")),
    }
