"""The documentation of the built-in functions, made from their declarations."""

from __future__ import annotations

from complaintflow.feel.library import BUILTINS, SUBJECTS


def markdown() -> str:
    """A page with one table for each subject: signatures, what the function does, and an example that is true."""
    sections = ["# Built-in functions of FEEL\n\nEach example is true; all of them are executed as tests.\n"]
    done: set[str] = set()
    for module in SUBJECTS:
        title = (module.__doc__ or "").strip().splitlines()[0].rstrip(".")
        rows = [f"\n## {title}\n\n| function | what it gives | example |\n|---|---|---|"]
        for entry in BUILTINS.values():
            home = entry.overloads[0].implementation.__module__
            if home == module.__name__ and entry.name not in done:
                done.add(entry.name)
                signatures = "<br>".join(f"`{overload.declaration}`" for overload in entry.overloads)
                source = "" if entry.source.startswith("DMN") else f" ({entry.source})"
                example = entry.example.replace("|", "\\|")
                rows.append(f"| {signatures} | {entry.about}{source} | `{example}` |")
        sections.append("\n".join(rows) + "\n")
    return "".join(sections)
