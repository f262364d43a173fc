"""What people can read before they complain (HR-5c.2.1.2)."""

from __future__ import annotations

from pathlib import Path

from complaintflow.adapters.knowledge import FolderKnowledge


def test_the_article_that_fits_comes_first(tmp_path: Path) -> None:
    """Articles come by how much they share with the question, in the language that is asked for (HR-5c.2.1.2)."""
    (tmp_path / "leave.en.md").write_text(
        "# Annual leave\n\nHow leave is counted and who approves it.", encoding="utf-8"
    )
    (tmp_path / "pay.en.md").write_text(
        "# Pay slips\n\nWho corrects a pay slip, and how leave shows on it.", encoding="utf-8"
    )
    (tmp_path / "pay.zh.md").write_text("# 工资条\n\n谁来更正工资条。", encoding="utf-8")
    knowledge = FolderKnowledge(tmp_path)
    assert [article.title for article in knowledge.search("my pay slip is wrong")] == ["Pay slips"]
    assert [article.title for article in knowledge.search("leave approves")] == ["Annual leave", "Pay slips"]
    assert [article.title for article in knowledge.search("工资条有误", language="zh")] == ["工资条"]
    assert knowledge.search("weather") == []
