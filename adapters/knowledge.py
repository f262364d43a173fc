"""A knowledge base in a folder of Markdown files: what people can read before they complain (HR-5c.2.1.2).

``<name>.<language>.md``; the first heading is the title. Nothing of a question is kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from math import log
from pathlib import Path

from complaintflow.ports import Article
from complaintflow.records import dataclass


@dataclass(frozen=True, slots=True)
class _Page:
    article: Article
    words: Counter[str]


class FolderKnowledge:
    """Searches Markdown files by the words they share with the question; rare words weigh more.

    Args:
        folder: the files are read once, when a language is first asked for.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._pages: dict[str, list[_Page]] = {}

    def search(self, question: str, *, language: str = "en", limit: int = 5) -> list[Article]:
        """See ``KnowledgeBase``. An article that shares no word with the question is not returned."""
        pages = self._pages.get(language)
        if pages is None:
            pages = self._pages[language] = list(self._read(language))
        asked = set(_words(question))
        seen = {word: sum(word in page.words for page in pages) for word in asked}

        def fit(page: _Page) -> float:
            return sum(log(1 + len(pages) / seen[word]) for word in asked if word in page.words)

        ranked = sorted(
            ((fit(page), page.article.title, page.article) for page in pages), key=lambda row: (-row[0], row[1])
        )
        return [article for score, _, article in ranked[:limit] if score > 0]

    def _read(self, language: str) -> Iterator[_Page]:
        for file in sorted(self.folder.glob(f"*.{language}.md")):
            text = file.read_text(encoding="utf-8").strip()
            heading, _, body = text.partition("\n")
            article = Article(heading.lstrip("# ").strip(), body.strip(), str(file))
            yield _Page(article, Counter(_words(text)))


def _words(text: str) -> Iterator[str]:
    """Words of three letters or more, and pairs of neighbouring Chinese characters."""
    text = unicodedata.normalize("NFKC", text).casefold()
    for run in re.findall(r"[\u4e00-\u9fff]+|[^\W_]+", text):
        if "\u4e00" <= run[0] <= "\u9fff":
            yield from (run[i : i + 2] for i in range(max(1, len(run) - 1)))
        elif len(run) > 2:
            yield run
