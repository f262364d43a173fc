"""What a new layer consists of. Pure but for `write`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from complaintflow.cli.translating import translated
from complaintflow.errors import ComplaintflowError

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle
    from complaintflow.definition.library import Library
    from complaintflow.policy.policy import Entry, Policy


def make_layer(library: Library, process: str, language: str) -> dict[str, bytes]:
    """The files of a layer over one process, by path inside it.

    Args:
        language: "en", or the language that the diagrams, tables and forms shall be in.

    Raises:
        UnknownProcess: no layer has the process.
        DefinitionError: it cannot be used, or has no labels in the language.
    """
    bundle = library.newest(process)
    files = {
        "README.md": _readme(process, bundle, language).encode(),
        f"processes/{process}/policy.toml": policy_text(bundle.policy).encode(),
    }
    if language != "en":
        files |= translated(bundle, language)
    return files


def write(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write files into a new or empty folder; returns them in order.

    Raises:
        ComplaintflowError: the folder holds something already, or cannot be written; nothing is overwritten.
    """
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise ComplaintflowError(
                "the folder is not empty", where=str(folder), advice="give a new one; nothing was overwritten"
            )
        written = []
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            written.append(path)
    except OSError as error:
        raise ComplaintflowError(f"the folder cannot be written: {error.strerror}", where=str(folder)) from None
    return written


# -- policy.toml ------------------------------------------------------------------------------


def policy_text(policy: Policy) -> str:
    """A policy file in which every value stands commented out, the open questions first."""
    entries = [entry for entry in policy.entries() if entry.section != "policy"]
    open_ones = [entry for entry in entries if entry.origin == "default"]
    given = [entry for entry in entries if entry.origin != "default"]
    lines = [
        f"# Your values for the policy '{policy.head.id}'. Everything here is commented out, so nothing differs yet.",
        "# Uncomment an entry (its line in brackets too) and change what is different with you.",
        "# `complaintflow check` lists what is still our default.",
        "#",
        '# from = "document" says that your own written rules give the value. Without that line it counts as a',
        "# decision of your organisation. Either way it is decided and no longer listed; to settle one of our",
        "# defaults as it is, uncomment its entry and leave the value.",
        "",
        "# Where days begin and end, and whose holidays are no working days",
        "#[policy]",
        f"#zone = {_quoted(policy.head.zone or 'Asia/Shanghai')}",
        f"#country = {_quoted(policy.head.country or 'CN')}",
    ]
    lines += _block("The written policy leaves these open: the values are our defaults. Decide them.", open_ones)
    lines += _block("The written policy says these. Change them only if yours says otherwise.", given)
    return "\n".join(lines) + "\n"


def _block(title: str, entries: list[Entry]) -> list[str]:
    lines = ["", "# " + "=" * 98, f"# {title}", "# " + "=" * 98] if entries else []
    for entry in entries:
        label = entry.label.get("en", "")
        lines += ["", f"# {label} ({', '.join(entry.clause)})" if label else f"# {', '.join(entry.clause)}"]
        if entry.why:
            lines.append(f"# Why: {entry.why}")
        lines += [
            f"#[{entry.section}.{entry.name}]",
            f"#{entry.key} = {_toml(entry.written)}",
        ]
        if entry.origin == "default":
            lines.append('#from = "document"    # if your own written rules give this value')
    return lines


def _toml(value: object) -> str:
    """A value of a policy file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_quoted(key)} = {_toml(one)}' for key, one in value.items())} }}"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


# -- README.md --------------------------------------------------------------------------------


def _readme(process: str, bundle: Bundle, language: str) -> str:
    forms = sorted(PurePosixPath(path).name for path in bundle.files if path.endswith(".form"))
    example = f"forms/{process}/{forms[0]}" if forms else f"forms/{process}/<form id>.form"
    title = bundle.policy.head.title
    labels = f"\nDiagrams, tables and forms carry the texts of `labels.{language}.po`; they replace the shipped ones.\n"
    chinese = labels if language != "en" else ""
    return f"""# Our variant of {process}: {title}

A layer: only what differs from the shipped process lies here, the rest comes from there.
{chinese}
| to change | put here |
|---|---|
| a number, a role, an interval | `processes/{process}/policy.toml`: uncomment the entry |
| a diagram | a copy of `{process}.bpmn` in `processes/{process}/`, edited in Camunda Modeler |
| a decision table | a copy of the `.dmn` file in `processes/{process}/` |
| a notice | `processes/{process}/notices/<name>.<language>.j2` |
| a form | `{example}` |

    complaintflow --layer . check {process}            # what comes from where, and what is wrong
    complaintflow --layer . run {process} --example

In Python: `Engine("sqlite:///cases.db", layers=["this folder"])`. A case stays on the definition it began with.
"""
