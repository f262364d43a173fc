"""The looks of a notice: one line of subject, tidy text, and a modest HTML page made of the text."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

MAX_SUBJECT = 200  # characters; longer subjects end in an ellipsis

_BULLET = r"[-*•]\s+"
_NUMBERED = r"[0-9]{1,3}(?:[.)]\s+|、)"
_SPACED = 'style="margin:0 0 16px 0"'


def to_html(subject: str, text: str, language: str) -> str:
    """A modest HTML page of a plain text: paragraphs, and lists where lines begin with ``- `` or ``1. ``."""
    blocks = "\n".join(_blocks(text))
    return (
        f'<!DOCTYPE html>\n<html lang="{html.escape(language)}">\n<head><meta charset="utf-8">'
        f"<title>{html.escape(subject)}</title></head>\n"
        '<body style="margin:0;padding:24px;background:#ffffff;color:#1a1a1a;'
        "font-family:'Segoe UI','PingFang SC','Microsoft YaHei',Arial,sans-serif;font-size:16px;line-height:1.6\">\n"
        f'<div style="max-width:640px;margin:0 auto">\n{blocks}\n</div>\n</body>\n</html>\n'
    )


def _blocks(text: str) -> Iterator[str]:
    """The paragraphs and lists of a text, as HTML."""
    for paragraph in re.split(r"\n\s*\n", text):
        kind, lines = "", list[str]()
        for line in paragraph.splitlines():
            marker = re.match(_BULLET, line) or re.match(_NUMBERED, line)
            now = "" if marker is None else "ul" if re.match(_BULLET, line) else "ol"
            if lines and now != kind:
                yield _block(kind, lines)
                lines = []
            kind = now
            lines.append(html.escape(line[marker.end() :] if marker else line))
        if lines:
            yield _block(kind, lines)


def _block(kind: str, lines: list[str]) -> str:
    if not kind:
        return f"<p {_SPACED}>{'<br>'.join(lines)}</p>"
    return f"<{kind} {_SPACED}>{''.join(f'<li>{line}</li>' for line in lines)}</{kind}>"


def one_line(subject: str) -> str:
    """The subject without anything that could end the header: no line breaks, no control or direction characters."""
    plain = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in subject)
    shown = "".join(letter for letter in plain if unicodedata.category(letter) not in ("Cf", "Cs"))
    line = " ".join(shown.split())
    return line if len(line) <= MAX_SUBJECT else line[: MAX_SUBJECT - 1].rstrip() + "…"


def tidy(text: str) -> str:
    """The text without control characters, without spaces at line ends, and with single empty lines."""
    plain = "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs"))
    lines = "\n".join(line.rstrip() for line in plain.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"
