"""A layer in another language says the same, and does the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from complaintflow.cli.layer_making import make_layer, write
from complaintflow.cli.translating import translate_form
from complaintflow.definition.definition import Bundle
from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from complaintflow.labels import labels

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = sorted(
    home.name
    for home in (ROOT / "processes").iterdir()
    if (home / "labels.zh.po").is_file() and (home / f"{home.name}.bpmn").is_file()
)
TEXTS = ("label", "dateLabel", "timeLabel", "description", "text", "content", "alt", "title", "patternErrorMessage")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
NO_WORDS = re.compile(r"[^A-Za-z]*")
TAG = re.compile(r"\{\{.*?\}\}")

Form = dict[str, Any]


@pytest.fixture(scope="module")
def shipped() -> Library:
    """What is shipped, without a layer."""
    return Library(Layers())


def forms(files: dict[str, bytes]) -> dict[str, Form]:
    """Forms by file name."""
    return {Path(path).name: json.loads(source) for path, source in files.items() if path.endswith(".form")}


def texts(part: object) -> list[str]:
    """Every text that a person reads in a form."""
    if isinstance(part, list):
        return [text for one in part for text in texts(one)]
    if not isinstance(part, dict):
        return []
    own = [value for name, value in part.items() if name in TEXTS and isinstance(value, str)]
    return own + [text for value in part.values() for text in texts(value)]


def bare(part: object) -> object:
    """A form without what a person reads."""
    if isinstance(part, list):
        return [bare(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {name: "" if name in TEXTS else bare(value) for name, value in part.items()}


@pytest.mark.parametrize("process", PROCESSES)
def test_every_form_of_a_process_is_written_in_chinese(shipped: Library, process: str) -> None:
    """All forms that a process uses, shared ones included, come in Chinese; keys, values and rules stay."""
    bundle = shipped.newest(process)
    own = (f"forms/{process}/", "forms/shared/")
    before = forms({path: source for path, source in bundle.files.items() if path.startswith(own)})
    after = forms(make_layer(shipped, process, "zh"))
    assert after.keys() == before.keys()
    assert before
    for name, form in before.items():
        assert bare(after[name]) == bare(form)
        english = [text for text in texts(after[name]) if not CHINESE.search(text) and not NO_WORDS.fullmatch(text)]
        assert english == [], f"{name} is partly in English"


@pytest.mark.parametrize("process", PROCESSES)
def test_a_translated_text_shows_the_same_variables(shipped: Library, process: str) -> None:
    """What a paragraph reads from the case is the same in Chinese, but for names held in both languages."""
    before, after = forms(dict(shipped.newest(process).files)), forms(make_layer(shipped, process, "zh"))
    for name, form in after.items():
        for english, chinese in zip(texts(before[name]), texts(form), strict=True):
            found = [tag.replace("_zh", "").replace(".zh", ".en") for tag in TAG.findall(chinese)]
            assert sorted(found) == sorted(TAG.findall(english)), name


def test_a_chinese_layer_loads_and_asks_in_chinese(shipped: Library, tmp_path: Path) -> None:
    """A process reads its forms from the layer, the shared ones too, and other processes keep theirs."""
    write(tmp_path / "mine", make_layer(shipped, "wedding-client", "zh"))
    library = Library(Layers([tmp_path / "mine"]))
    bundle = library.newest("wedding-client")

    def asked(of: Bundle, form: str, field: str) -> str:
        return next(prompt.label for prompt in of.forms[form].describe() if prompt.field == field)

    assert asked(bundle, "wedding-client-gather", "situation") == "了解到的情况"
    assert CHINESE.search(asked(bundle, "shared-register", "summary"))
    assert not CHINESE.search(asked(library.newest("office"), "shared-register", "summary"))


def test_only_the_texts_of_a_form_are_translated() -> None:
    """A value, an id or an expression that reads like a label stays; so does a text without translation."""
    form: Form = {
        "type": "default",
        "id": "f",
        "components": [
            {
                "type": "group",
                "id": "cause",
                "label": "Cause",
                "components": [
                    {
                        "type": "select",
                        "id": "Cause",
                        "key": "a.cause",
                        "label": "Cause",
                        "description": "Untranslated",
                        "values": [{"label": "Cause", "value": "Cause"}],
                        "defaultValue": "Cause",
                        "conditional": {"hide": '=a.cause = "Cause"'},
                    }
                ],
            },
            {"type": "textfield", "id": "p", "key": "p", "validate": {"pattern": "x", "patternErrorMessage": "Wrong"}},
        ],
    }
    known = {("f/a.cause", "Cause"): "原因", ("f/cause", "Cause"): "原因组", ("f/p", "Wrong"): "有误"}
    made = json.loads(translate_form(json.dumps(form).encode(), known))
    group, field = made["components"]
    select = group["components"][0]
    assert (group["label"], group["id"]) == ("原因组", "cause")
    assert (select["label"], select["values"]) == ("原因", [{"label": "原因", "value": "Cause"}])
    assert (select["description"], select["defaultValue"]) == ("Untranslated", "Cause")
    assert select["conditional"] == {"hide": '=a.cause = "Cause"'}
    assert field["validate"] == {"pattern": "x", "patternErrorMessage": "有误"}
    assert bare(made) == bare(form)


def test_the_shipped_labels_know_the_texts(shipped: Library) -> None:
    """The translations come from the files that the terminal uses."""
    known = labels(shipped.newest("wedding-client"), "zh")
    assert known["wedding-client-appraise/consequence", "Your decision"] == "您的决定"


@pytest.mark.parametrize("process", PROCESSES)
def test_chinese_labels_in_paragraphs_are_bold(shipped: Library, process: str) -> None:
    """Markdown ends bold type before a colon and not after one, since no space follows in Chinese."""
    for name, form in forms(make_layer(shipped, process, "zh")).items():
        assert not [text for text in texts(form) if "：**" in text], name
