"""Folders that are given as layers and are none, or hold something that no process uses."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from complaintflow import Engine
from complaintflow.cli.app import app
from complaintflow.definition.layers import Layers
from complaintflow.errors import UnknownProcess
from tests import diagrams as d

TOML = '[deadlines.ruling]\nwithin = "2 working days"\n'


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A layer that changes one deadline, in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("COMPLAINTFLOW_DATABASE_URL", "COMPLAINTFLOW_KEYS", "COMPLAINTFLOW_KEY_FILE", "COMPLAINTFLOW_LAYERS"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "acme"
    (folder / "processes" / "customer").mkdir(parents=True)
    (folder / "processes" / "customer" / "policy.toml").write_text(TOML, encoding="utf-8")
    return folder


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), prog_name="complaintflow")


@pytest.mark.parametrize("given", ["acme/processes", "acme/processes/customer", "."])
def test_a_folder_beside_the_layer_is_refused(acme: Path, given: str) -> None:
    """A folder inside or around a layer is no layer: the command says which is, and starts nothing."""
    result = run("--layer", given, "run", "customer", "--example")
    assert result.exit_code == 2
    assert "neither processes/ nor forms/" in result.stderr
    told = " ".join(result.stderr.split())
    assert "a layer is the folder that holds processes/ and forms/; did you mean acme?" in told
    assert not list(acme.parent.glob("*.db"))


def test_a_policy_without_processes_around_it_is_refused(tmp_path: Path) -> None:
    """A folder that holds customer/policy.toml, without processes/, is refused by the engine too."""
    (tmp_path / "layer" / "customer").mkdir(parents=True)
    (tmp_path / "layer" / "customer" / "policy.toml").write_text(TOML, encoding="utf-8")
    with pytest.raises(UnknownProcess, match="neither processes/ nor forms/"):
        Engine("sqlite://", layers=[tmp_path / "layer"])


def test_a_layer_may_have_forms_only(tmp_path: Path) -> None:
    """One of the two folders is enough."""
    (tmp_path / "forms" / "customer").mkdir(parents=True)
    assert Layers([tmp_path]).strays() == []


def announced(place: Path) -> str:
    """What a fresh process finds installed with a folder on its path: its layers, and whether it took the full look."""
    script = (
        f"import sys; sys.path.append({str(place)!r})\n"
        "from complaintflow.definition.layers import Layers\n"
        "print([layer.name for layer in Layers().layers], 'importlib.metadata' in sys.modules)"
    )
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()


def test_an_installed_package_announces_a_layer(tmp_path: Path) -> None:
    """A package with our entry point is a layer, in a folder as in a zip file; without any, nothing is parsed."""
    assert announced(tmp_path) == "['complaintflow'] False"

    point = "[complaintflow.processes]\nacme = acme_processes\n"
    (tmp_path / "acme_processes").mkdir()
    (tmp_path / "acme_processes" / "__init__.py").touch()
    (tmp_path / "acme-1.0.dist-info").mkdir()
    (tmp_path / "acme-1.0.dist-info" / "METADATA").write_text("Name: acme\nVersion: 1.0\n", encoding="utf-8")
    (tmp_path / "acme-1.0.dist-info" / "entry_points.txt").write_text(point, encoding="utf-8")
    assert announced(tmp_path) == "['package acme_processes', 'complaintflow'] True"

    packed = shutil.make_archive(str(tmp_path.with_name("packed")), "zip", tmp_path)
    assert announced(Path(packed)) == "['package acme_processes', 'complaintflow'] True"


def test_a_mistyped_folder_of_a_layer_is_told(acme: Path) -> None:
    """What lies in processes/custmer/ is used by nothing, and whoever runs with it is warned."""
    (acme / "processes" / "customer").rename(acme / "processes" / "custmer")
    result = run("--layer", "acme", "run", "customer", "--example")
    assert result.exit_code == 0, result.output
    told = " ".join(result.stderr.split())
    assert "Warning: nothing in acme/processes/custmer is used" in told


def test_a_folder_with_a_diagram_is_not_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Processes of one's own, and values for a process of a layer below or of ours, are what layers are for."""
    below = d.layer(
        tmp_path / "below", d.document(d.process(d.start(), d.user("ask"), d.end(), d.flows("start > ask > end")))
    )
    for name in ("p", "customer", "shared"):
        (tmp_path / "mine" / "processes" / name).mkdir(parents=True)
    with caplog.at_level(logging.WARNING), Engine("sqlite://", layers=[tmp_path / "mine", below]):
        pass
    assert [one for one in caplog.records if getattr(one, "event", "") == "layer-unused"] == []


@pytest.mark.parametrize("given", ["acme/processes/customer/policy.toml", "acme/processes", "acme"])
def test_a_policy_file_is_checked_over_what_it_overrides(acme: Path, given: str) -> None:
    """A layer's policy file need not be complete: alone, with its folder or with its layer, it is without errors."""
    result = run("check", given)
    assert result.exit_code == 0, result.output
    assert "missing" not in result.stdout


def test_a_wrong_value_in_a_layers_policy_file_is_named_with_its_line(acme: Path) -> None:
    """Over the files below, a mistake is still found in the file that was given, once."""
    file = acme / "processes" / "customer" / "policy.toml"
    file.write_text(TOML.replace("2 working days", "2 woking days"), encoding="utf-8")
    result = run("check", "acme/processes/customer/policy.toml")
    assert result.exit_code == 1
    assert "acme/processes/customer/policy.toml, line 2" in result.stdout
    assert "1 error" in result.stdout


def test_a_notice_of_a_layer_is_checked_with_the_parts_below(acme: Path) -> None:
    """A letter of a layer may include the greeting that we ship."""
    file = acme / "processes" / "customer" / "notices" / "acknowledgement.en.j2"
    file.parent.mkdir()
    file.write_text('{% include "_greeting" %}\nThank you.\n', encoding="utf-8")
    result = run("check", "acme/processes/customer/notices/acknowledgement.en.j2")
    assert "_greeting" not in result.stdout, result.stdout


def drawn_anew(acme: Path, old: str = "", new: str = "", *, length: int | None = None) -> None:
    """The shipped diagram in the layer, with another text in it or cut off."""
    text = Layers(installed=False).every("processes/customer/customer.bpmn")[0].content.decode()
    assert old in text
    place = acme / "processes" / "customer" / "customer.bpmn"
    place.write_text(text.replace(old, new)[:length], encoding="utf-8")


@pytest.mark.parametrize("given", [("acme",), ("customer", "--layer", "acme"), ("acme/processes/customer",)])
def test_a_diagram_that_cannot_be_read_is_the_only_thing_said(acme: Path, given: tuple[str, ...]) -> None:
    """A truncated diagram is one error; what it uses is not known, so nothing is said of other files."""
    drawn_anew(acme, length=3000)
    form = acme / "forms" / "customer" / "customer-rule.form"
    form.parent.mkdir(parents=True)
    form.write_bytes(Layers(installed=False).every("forms/customer/customer-rule.form")[0].content)
    (report,) = json.loads(run("check", *given, "--json").stdout)
    (finding,) = [one for one in report["findings"] if one["severity"] != "note"]
    assert "not well-formed XML" in finding["what"]
    assert finding["where"].startswith("processes/customer/customer.bpmn")


def test_a_mistyped_form_does_not_make_shipped_files_left_over(acme: Path) -> None:
    """Whoever mistypes a form in a diagram of a layer is told of the name, never to delete the form that we ship."""
    drawn_anew(acme, 'formId="customer-rule"', 'formId="customer-ruel"')
    (acme / "processes" / "customer" / "own.en.j2").write_text("Subject: x\n\ny\n", encoding="utf-8")
    for given in (("acme",), ("customer", "--layer", "acme")):
        shown = " ".join(run("check", *given).stdout.split())
        assert "there is no form 'customer-ruel'" in shown
        assert "did you mean 'customer-rule'?" in shown
        assert "customer-rule.form link" not in shown
        assert shown.count("nothing uses this file") == 1
        assert "acme/processes/customer/own.en.j2 link it" in shown
