"""How long cases are kept, who holds the keys, and what a third party can check: through the public API."""

from __future__ import annotations

import hashlib
import json
import logging
import runpy
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import update

from complaintflow import Case, Engine
from complaintflow.access.identity import Person, StaticIdentity
from complaintflow.adapters.sql import open_store
from complaintflow.errors import (
    AccessDenied,
    CaseShredded,
    InvalidData,
    InvalidKeys,
    MissingKey,
    UnknownCase,
    UnreadableValue,
)
from complaintflow.facade.retention import Purged
from complaintflow.sealing import keyfile, rotation
from complaintflow.sealing.keyfile import KeyFile
from complaintflow.sealing.keys import KeyRing
from complaintflow.time.clock import VirtualClock
from tests import sql_tables as tables

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime.fromisoformat("2026-03-02T09:00:00+08:00")
DAY = timedelta(days=1)
CHECK: Callable[[dict[str, Any], str], str] = runpy.run_path(str(ROOT / "examples/07_check_evidence.py"))["check"]

Open = Callable[..., Engine]


class ServerClock:
    """A server's clock, which somebody may set wrong, and back."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment.astimezone(UTC)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens engines on one database file; all of them are closed afterwards."""
    engines: list[Engine] = []

    def make(**settings: Any) -> Engine:
        engine = Engine(f"sqlite:///{tmp_path / 'cases.db'}", clock=ServerClock(NOW), **settings)
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.close()


def set_clock(engine: Engine, moment: datetime) -> None:
    """Where the engine's clock stands, also backwards, as a wrong server does it."""
    engine.clock.moment = moment  # type: ignore[attr-defined]


def started(engine: Engine, content: str = "The soup was cold.") -> Case:
    return engine.start("customer", {"channel": "web", "content": content}, actor="hotline")


def ended(engine: Engine) -> Case:
    """A case that is over: the complaint was not justified."""
    found = {"justified": False, "finding_reason": "It was hot."}
    return started(engine).complete("investigate", found, actor="li.wei")


def end_of(engine: Engine, case: Case) -> datetime:
    """When the case's retention ends."""
    with engine.store.reading() as tx:
        keep_until = tx.case(case.id).keep_until
    assert keep_until is not None
    return keep_until


# -- retention --------------------------------------------------------------------------------


def test_a_case_is_shredded_at_the_second_look(opened: Open) -> None:
    """Three years after its end, not before, and only when two looks at least a day apart found that so (RET-7.a)."""
    engine = opened()
    case, still_open = ended(engine), started(engine)
    end = end_of(engine, case)
    assert end == datetime.fromisoformat("2029-03-03T00:00:00+08:00")
    set_clock(engine, end - timedelta(microseconds=1))
    assert engine.purge() == Purged()
    set_clock(engine, end)
    assert engine.purge() == Purged(waiting=(case.id,))
    set_clock(engine, end + DAY - timedelta(microseconds=1))
    assert engine.purge() == Purged(waiting=(case.id,))
    set_clock(engine, end + DAY)
    assert engine.purge(dry_run=True) == Purged(shredded=(case.id,))
    assert engine.case(case.id).variables["content"] == "The soup was cold."
    assert engine.purge() == Purged(shredded=(case.id,))
    assert engine.purge() == Purged()
    assert engine.case(still_open.id).variables["content"] == "The soup was cold."


def test_a_dry_run_is_no_look(opened: Open) -> None:
    """Asking what would be shredded brings nothing nearer to its end."""
    engine = opened()
    case = ended(engine)
    end = end_of(engine, case)
    for days in range(3):
        set_clock(engine, end + days * DAY)
        assert engine.purge(dry_run=True) == Purged(waiting=(case.id,))
    assert engine.purge() == Purged(waiting=(case.id,))


def test_of_a_shredded_case_only_times_and_events_are_left(opened: Open, tmp_path: Path) -> None:
    """Content, names and notices are gone for good, whoever has the keys; the chain can still be checked."""
    engine = opened()
    case = ended(engine)
    with engine.store.reading() as tx:
        sealed = tx.case(case.id)
        first = tx.history(case.id)[0]
    for look in (0, 1):
        set_clock(engine, end_of(engine, case) + look * DAY)
        engine.purge()
    gone = engine.case(case.id)
    assert (gone.status, gone.variables, gone.tasks) == ("shredded", {}, ())
    assert [event.event for event in gone.history()][-2:] == ["ended", "shredded"]
    assert {(event.actor, json.dumps(event.detail)) for event in gone.history()} == {(None, "{}")}
    assert engine.verify().whole
    assert CHECK(engine.evidence(case.id), engine.public_key) == ""
    for asked in (lambda: engine.notices(case.id), lambda: engine.hold(case.id, "A lawsuit.")):
        with pytest.raises(CaseShredded):
            asked()
    with pytest.raises(CaseShredded):
        engine.export(case.id, tmp_path / "late.zip", actor="archivist", reason="Too late.")
    assert not (tmp_path / "late.zip").exists()
    content = b"".join(path.read_bytes() for path in tmp_path.glob("cases.db*"))
    assert sealed.sealed_key is not None
    assert sealed.sealed_key not in content, "the wrapped key is overwritten, not only unlinked"
    assert first.detail in content, "the ciphertext that the chain covers stays"


def test_a_held_case_is_kept(opened: Open) -> None:
    """A legal hold suspends the end and is written down; after it the two looks begin anew (WB-1.3.4)."""
    engine = opened()
    case = ended(engine)
    with pytest.raises(InvalidData):
        engine.hold(case.id, " ")
    engine.hold(case.id[:8], "A lawsuit.", actor="counsel")
    assert [event.detail for event in engine.history(case.id) if event.event == "held"] == [{"reason": "A lawsuit."}]
    end = end_of(engine, case)
    for days in (0, 1, 2):
        set_clock(engine, end + days * DAY)
        assert engine.purge() == Purged(held=(case.id,))
    engine.end_hold(case.id, "It was settled.", actor="counsel")
    assert engine.purge() == Purged(waiting=(case.id,))
    set_clock(engine, end + 3 * DAY)
    assert engine.purge() == Purged(shredded=(case.id,))


def test_a_hold_between_the_looks_comes_in_time(opened: Open) -> None:
    """What was seen to be over once can still be kept."""
    engine = opened()
    case = ended(engine)
    set_clock(engine, end_of(engine, case))
    assert engine.purge() == Purged(waiting=(case.id,))
    engine.hold(case.id, "A lawsuit.")
    set_clock(engine, end_of(engine, case) + 2 * DAY)
    assert engine.purge() == Purged(held=(case.id,))


def test_a_clock_that_jumps_ahead_shreds_nothing(opened: Open) -> None:
    """Ten years ahead for an hour, and set right again: the look from the future does not count either."""
    engine = opened()
    case = ended(engine)
    end = end_of(engine, case)
    for minutes in (0, 30, 59):
        set_clock(engine, end + timedelta(days=3650, minutes=minutes))
        assert engine.purge() == Purged(waiting=(case.id,))
    set_clock(engine, NOW)
    assert engine.purge() == Purged()
    set_clock(engine, end + 5 * DAY)
    assert engine.purge() == Purged(waiting=(case.id,)), "the first look of a clock that is right"
    set_clock(engine, end + 6 * DAY)
    assert engine.purge() == Purged(shredded=(case.id,))


def test_a_clock_that_was_set_back_waits_again(opened: Open) -> None:
    """Between two looks the clock must have gone a whole day forward from the first one that it can have made."""
    engine = opened()
    case = ended(engine)
    end = end_of(engine, case)
    set_clock(engine, end + 2 * DAY)
    assert engine.purge() == Purged(waiting=(case.id,))
    set_clock(engine, end + DAY)
    assert engine.purge() == Purged(waiting=(case.id,))
    set_clock(engine, end + 2 * DAY - timedelta(seconds=1))
    assert engine.purge() == Purged(waiting=(case.id,))
    set_clock(engine, end + 2 * DAY)
    assert engine.purge() == Purged(shredded=(case.id,))


# -- keys -------------------------------------------------------------------------------------


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key file that the environment names."""
    path = tmp_path / "secrets" / "keys"
    keyfile.create(path)
    monkeypatch.setenv(keyfile.FILE_VARIABLE, str(path))
    return path


def test_keys_rotate_while_another_engine_works(opened: Open, key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases go on between any two keys that are wrapped anew, new ones get the new key, and in the end the old one is
    not needed by anybody."""
    monkeypatch.setattr(rotation, "_PAGE", 1)
    at_work, rotating = opened(), opened()
    cases = [started(at_work, f"Complaint {number}") for number in range(4)]
    old = key_file.read_text(encoding="utf-8")
    keyfile.write(key_file, KeyFile(key_file).ring.with_new_key(), replace=True)
    justified = {"justified": True, "cause": "food"}

    waiting = [*cases]

    def work_on(seen: int) -> None:
        if waiting:
            waiting.pop().complete("investigate", justified)
        if seen == 2:
            cases.append(started(at_work, "Complaint 4"))

    assert rotation.outdated(rotating.store, rotating.vault) == 5, "four cases and the store's secret"
    assert rotating.rotate_keys(on_progress=work_on) == 5
    assert rotating.rotate_keys() == 0
    assert rotation.outdated(rotating.store, rotating.vault) == 0
    keyfile.write(key_file, KeyFile(key_file).ring.only_newest(), replace=True)
    later = opened()
    assert sorted(later.case(case.id).variables["content"] for case in cases) == [f"Complaint {n}" for n in range(5)]
    assert [later.case(case.id).waiting_for for case in cases[:4]] == [["propose"]] * 4
    assert later.verify().whole
    key_file.write_text(old, encoding="utf-8")
    with pytest.raises(MissingKey):
        opened()


def test_a_key_that_only_others_have_opens_nothing(opened: Open) -> None:
    """With another key an engine does not even open, so that nothing is written under a key that is wrong."""
    started(opened(keys=KeyRing.fresh()))
    with pytest.raises(MissingKey):
        opened(keys=KeyRing.fresh())


def test_the_first_engine_makes_a_key_that_only_its_owner_reads(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It lies outside the database's folder, has the rights 0600 in a folder of 0700, and is told of once."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with caplog.at_level(logging.WARNING, "complaintflow"):
        opened()
        opened()
    path = tmp_path / "config/complaintflow/keys"
    assert [record.getMessage() for record in caplog.records].count(caplog.records[0].getMessage()) == 1
    assert str(path) in caplog.text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["keys"], "no draft is left"
    (key,) = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert key not in caplog.text


def test_a_key_is_not_made_beside_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever copies the database's folder must not get the key along."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "complaintflow").mkdir()
    with pytest.raises(InvalidKeys):
        Engine(f"sqlite:///{tmp_path / 'complaintflow' / 'cases.db'}")
    assert not (tmp_path / "complaintflow/keys").exists()


def test_a_lost_key_file_is_said_and_no_other_made(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where cases are sealed a new key could open none of them; a running engine goes on with what it has read."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    running = opened()
    case, path = started(running), tmp_path / "config/complaintflow/keys"
    kept = path.rename(tmp_path / "kept")
    with pytest.raises(MissingKey, match="their key file is not there"):
        opened()
    assert not path.exists()
    assert started(running, "Still here.").status == "active"
    kept.rename(path)
    assert opened().case(case.id).variables["content"] == "The soup was cold."


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_file_that_others_may_read_is_refused(opened: Open, key_file: Path, mode: int) -> None:
    """One right for others is enough, and the error says what to do."""
    key_file.chmod(mode)
    with pytest.raises(InvalidKeys, match="chmod 600"):
        opened()


@pytest.mark.parametrize("text", ["", "# nothing\n", "cfk1-short", "hunter2", "cfk1-" + "A" * 43 + "= x"])
def test_a_key_file_with_something_else_is_refused_without_repeating_it(
    opened: Open, key_file: Path, text: str
) -> None:
    """A password that somebody put there by mistake is in no message."""
    key_file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidKeys) as refused:
        opened()
    assert "hunter2" not in str(refused.value)
    assert "cfk1-short" not in str(refused.value)


def test_a_file_that_is_there_keeps_its_key(key_file: Path) -> None:
    """Making a key never writes over one."""
    before = key_file.read_bytes()
    keyfile.create(key_file)
    assert key_file.read_bytes() == before


def test_strict_makes_no_key(opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a configured one, from the environment too, and refuses where there is none."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with pytest.raises(MissingKey, match="strict mode makes none"):
        opened(strict=True)
    assert not (tmp_path / "config").exists()
    (key,) = [line for line in KeyRing.fresh().text.splitlines() if not line.startswith("#")]
    monkeypatch.setenv(keyfile.KEYS_VARIABLE, key)
    assert started(opened(strict=True)).status == "active"


# -- evidence ---------------------------------------------------------------------------------


def test_a_third_party_checks_a_good_document(opened: Open) -> None:
    """The example's script needs the document and the public key, which stays the same for the store."""
    engine = opened()
    case = ended(engine)
    document = json.loads(json.dumps(engine.evidence(case.id[:8])))
    assert len(document["entries"]) == len(case.history())
    assert opened().public_key == engine.public_key
    assert CHECK(document, engine.public_key) == ""
    assert "It was hot." not in json.dumps(document), "what was said stays sealed"


def test_a_third_party_finds_every_change(opened: Open) -> None:
    """Each field, each entry, a cut tail, another case and another signer are found."""
    engine, other = opened(), Engine("sqlite://", clock=VirtualClock(NOW))
    document = engine.evidence(ended(engine).id)
    key = engine.public_key
    for name in document.keys() - {"entries", "signature", "public_key"}:
        assert CHECK({**document, name: "0"}, key), name
    for number, entry in enumerate(document["entries"]):
        for name in entry:
            changed = [*document["entries"]]
            changed[number] = {**entry, name: "AAAA" if name == "detail" else 777}
            assert CHECK({**document, "entries": changed}, key), name
        assert CHECK({**document, "entries": document["entries"][:number]}, key)
    forged = other.evidence(ended(other).id)
    assert CHECK(forged, key).startswith("the signature")
    assert CHECK({**document, "signature": forged["signature"]}, key).startswith("the signature")
    assert CHECK(forged, other.public_key) == ""
    other.close()


def test_a_signed_document_of_a_bent_history_says_where(opened: Open, tmp_path: Path) -> None:
    """The store signs what it has: whoever bent the database gets a signature, and the chain tells."""
    engine = opened()
    case = ended(engine)
    store = open_store(f"sqlite:///{tmp_path / 'cases.db'}")
    with store.engine.begin() as connection:
        here = (tables.history.c.case_id == case.id) & (tables.history.c.seq == 2)
        connection.execute(update(tables.history).where(here).values(event="cancelled"))
    store.close()
    assert CHECK(engine.evidence(case.id), engine.public_key) == "entry 2 does not follow from the one before"
    with pytest.raises(UnknownCase):
        engine.evidence("ffff")


# -- the archive bundle -----------------------------------------------------------------------


def test_a_case_is_copied_before_its_end(opened: Open, tmp_path: Path) -> None:
    """The bundle has all that was said, done and sent in plain, the definition, and a signed list of digests; only its
    owner may read it."""
    engine = opened()
    case, file = started(engine), tmp_path / "case.zip"
    engine.attach(case.id, "receipt.txt", b"Two soups, 9.80", actor="li.wei", reason="The bill.")
    case.refresh().complete("investigate", {"justified": False, "finding_reason": "It was hot."}, actor="li.wei")
    names = engine.export(case.id[:8], file, actor="archivist", reason="The file of the year.")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with ZipFile(file) as zipped:
        assert zipped.namelist() == names
        files = {name: zipped.read(name) for name in names}
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["files"] == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    head = json.loads(files["case.json"])
    assert (head["case"], head["copied_by"], head["reason"]) == (case.id, "archivist", "The file of the year.")
    assert json.loads(files["variables.json"])["content"] == "The soup was cold."
    history = json.loads(files["history.json"])
    assert [event["event"] for event in history][-2:] == ["ended", "accessed"]
    assert CHECK(json.loads(files["evidence.json"]), engine.public_key) == ""
    letters = [content.decode() for name, content in files.items() if name.startswith("notices/002-finding.en.txt")]
    assert [("It was hot." in letter) for letter in letters] == [True]
    assert "definition/processes/customer/customer.bpmn" in files
    assert files["attachments/001-receipt.txt"] == b"Two soups, 9.80"
    assert [one["by"] for one in json.loads(files["attachments.json"])] == ["li.wei"]
    (copied,) = [event for event in case.refresh().history() if event.event == "accessed"]
    assert (copied.actor, copied.detail["purpose"]) == ("archivist", "copy")


def test_the_list_of_digests_is_signed(opened: Open, tmp_path: Path) -> None:
    """A changed digest does not fit the store's signature."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from complaintflow.facade.evidence import canonical

    engine = opened()
    engine.export(started(engine).id, tmp_path / "case.zip", actor="archivist", reason="Inspection.")
    with ZipFile(tmp_path / "case.zip") as zipped:
        manifest = json.loads(zipped.read("manifest.json"))
    signature = bytes.fromhex(manifest.pop("signature"))
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(engine.public_key))
    key.verify(signature, canonical(manifest))
    manifest["files"]["case.json"] = "0" * 64
    with pytest.raises(InvalidSignature):
        key.verify(signature, canonical(manifest))


def test_a_copy_that_is_refused_leaves_no_file_and_no_entry(opened: Open, tmp_path: Path) -> None:
    """A file that is there is not written over; who and why must be said."""
    engine = opened()
    case, file = started(engine), tmp_path / "case.zip"
    before = len(case.history())
    with pytest.raises(InvalidData):
        engine.export(case.id, file, actor="archivist", reason="")
    with pytest.raises(UnknownCase):
        engine.export("ffff", file, actor="archivist", reason="Inspection.")
    assert not file.exists()
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(InvalidData, match="cannot be written"):
        engine.export(case.id, file, actor="archivist", reason="Inspection.")
    assert file.read_text(encoding="utf-8") == "mine"
    assert len(case.refresh().history()) == before


def test_who_may_not_copy_or_hold_does_neither(opened: Open, tmp_path: Path) -> None:
    """Where it is known who people are, only a role that the policy names copies a case or holds it."""
    layer = tmp_path / "layer/processes/customer"
    layer.mkdir(parents=True)
    grants = "".join(
        f'[access.{operation}]\nroles = ["store_manager"]\nclause = "RET-7.a"\nfrom = "default"\nwhy = "Test."\n'
        for operation in ("export", "hold")
    )
    (layer / "policy.toml").write_text(grants, encoding="utf-8")
    people = [Person(id, id, frozenset({group})) for id, group in (("li", "customer-service"), ("hu", "store-manager"))]
    engine = opened(layers=[tmp_path / "layer"], identity=StaticIdentity(people))
    case = engine.start("customer", {"channel": "web", "content": "The soup was cold."}, actor="li")
    with pytest.raises(AccessDenied):
        engine.export(case.id, tmp_path / "case.zip", actor="li", reason="Curious.")
    with pytest.raises(AccessDenied):
        engine.hold(case.id, "Mine.", actor="li")
    assert not (tmp_path / "case.zip").exists()
    assert engine.export(case.id, tmp_path / "case.zip", actor="hu", reason="Inspection.")
    engine.hold(case.id, "A lawsuit.", actor="hu")


def test_a_case_under_another_id_does_not_open(opened: Open, tmp_path: Path) -> None:
    """A stored value says in no error what was in it."""
    engine = opened()
    case = started(engine)
    store = open_store(f"sqlite:///{tmp_path / 'cases.db'}")
    with store.engine.begin() as connection:
        connection.execute(update(tables.case).values(state=b"\x02" + b"The soup was cold." * 3))
    store.close()
    with pytest.raises(UnreadableValue) as refused:
        engine.case(case.id)
    assert "soup" not in str(refused.value)
