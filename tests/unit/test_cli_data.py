"""Data from files and from key=value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from cli_samples import INTAKE, INVESTIGATE, component, form

from complaintflow.cli.data import parse_object, put, with_fields
from complaintflow.errors import InvalidData
from complaintflow.formjs import Form

OPTIONS = [{"label": "One", "value": 1}, {"label": "B", "value": "b"}]
PRICE = form("price", component("number", "price", "Price", serializeToString=True))
TAGS = form("tags", component("checklist", "tags", "Tags", values=OPTIONS))


@pytest.mark.parametrize(
    ("source", "given", "data"),
    [
        (INTAKE, "reporter.phone=5550100", {"reporter": {"phone": "5550100"}}),
        (INTAKE, "channel=Phone", {"channel": "phone"}),
        (INVESTIGATE, "justified=yes", {"justified": True}),
        (INVESTIGATE, "justified=否", {"justified": False}),
        (INVESTIGATE, "portions=2", {"portions": 2}),
        (INVESTIGATE, "portions=two", {"portions": "two"}),
        (TAGS, "tags=One, b", {"tags": [1, "b"]}),
        (INTAKE, "unknown=true", {"unknown": "true"}),
        (INTAKE, "unknown:=true", {"unknown": True}),
        (PRICE, "price=12.50", {"price": "12.50"}),
        (INTAKE, "unknown=plain words", {"unknown": "plain words"}),
        (INTAKE, 'content:=["x"]', {"content": ["x"]}),
        (INTAKE, "content=a=b", {"content": "a=b"}),
    ],
)
def test_a_field_is_read_as_its_component_wants_it(source: str, given: str, data: dict[str, Any]) -> None:
    """A phone number stays text, a check box becomes a boolean, a choice is named by value or label."""
    assert with_fields({}, [given], Form.load(source)) == data


def test_paths_make_objects_and_rows() -> None:
    """Dots open objects, brackets rows counted from 1; what is there stays."""
    data: dict[str, Any] = {"reporter": {"name": "Zhao Min"}}
    put(data, "reporter.phone", "1")
    put(data, "persons[1].name", "Li Wei")
    put(data, "persons[2].name", "Zhao Min")
    put(data, "persons[1].role", "waiter")
    assert data == {
        "reporter": {"name": "Zhao Min", "phone": "1"},
        "persons": [{"name": "Li Wei", "role": "waiter"}, {"name": "Zhao Min"}],
    }


@pytest.mark.parametrize("given", ["nothing", "=x", "a..b=1", "a[0]=1", "a[3]=1", "[1]=2", "a[x]=1", "a[1=2", "a:={"])
def test_a_field_that_cannot_be_placed_is_refused(given: str) -> None:
    """Slips in the path or the JSON are one clear error."""
    with pytest.raises(InvalidData):
        with_fields({}, [given], None)


def test_numbers_keep_their_digits() -> None:
    """A number that a float would round is read exactly; NaN is no JSON."""
    assert parse_object(b'{"a": 0.1, "b": 12345678901234567890.5}', "x") == {
        "a": 0.1,
        "b": Decimal("12345678901234567890.5"),
    }
    with pytest.raises(InvalidData):
        parse_object(b'{"a": NaN}', "x")


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b'"text"', b"[" * 100_000])
def test_a_payload_is_a_json_object(raw: bytes) -> None:
    """Anything else is refused with the place it came from."""
    with pytest.raises(InvalidData) as caught:
        parse_object(raw, "payload.json")
    assert caught.value.where == "payload.json"
