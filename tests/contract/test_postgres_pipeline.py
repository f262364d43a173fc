"""Statements that a connection has prepared: what they are called, and which of them are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg.errors import InvalidSqlStatementName
from sqlalchemy import make_url

from complaintflow.adapters.sql.pipeline import Pipeline


@pytest.fixture
def driver(new_database: Callable[[], str]) -> Iterator[psycopg.Connection[Any]]:
    """A connection of psycopg's to an empty database."""
    address = make_url(new_database()).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, prepare_threshold=None) as connection:
        yield connection


def test_in_another_session_a_name_means_the_same_or_nothing(driver: psycopg.Connection[Any]) -> None:
    """A pooler may lend a session in which others have prepared: what they said is never run in place of ours."""
    ours, theirs = (Pipeline(driver.pgconn, "utf-8", prepares=True) for _ in range(2))
    for number in range(3):
        for _ in range(2):
            assert ours.rows(f"SELECT 'ours {number}'", ()) == [(f"ours {number}",)]
    driver.execute("DEALLOCATE ALL")
    for number in range(9):
        for _ in range(2):
            assert theirs.rows(f"SELECT 'theirs {number}'", ()) == [(f"theirs {number}",)]
    with pytest.raises(InvalidSqlStatementName):
        ours.rows("SELECT 'ours 0'", ())
    driver.rollback()
    assert ours.rows("SELECT 'ours 0'", ()) == [("ours 0",)]


def test_what_is_said_often_is_prepared_however_much_is_said_once(driver: psycopg.Connection[Any]) -> None:
    """A thousand statements of one use do not keep the next from being prepared, and none of them is."""
    pipeline = Pipeline(driver.pgconn, "utf-8", prepares=True)
    for number in range(1000):
        pipeline.rows(f"SELECT {number}", ())
    for _ in range(2):
        pipeline.rows("SELECT 'often'", ())
    prepared = pipeline.rows("SELECT statement FROM pg_prepared_statements WHERE statement LIKE 'SELECT%'", ())
    assert prepared == [("SELECT 'often'",)]


def test_who_may_not_prepare_prepares_nothing(driver: psycopg.Connection[Any]) -> None:
    """On a host's connection, which the host may clear, nothing is kept."""
    pipeline = Pipeline(driver.pgconn, "utf-8", prepares=False)
    for _ in range(9):
        pipeline.rows("SELECT 'often'", ())
    with suppress(psycopg.Error):
        driver.execute("DEALLOCATE ALL")
    assert pipeline.rows("SELECT count(*) FROM pg_prepared_statements", ()) == [(0,)]
