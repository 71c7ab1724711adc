"""A signal is told as one, whatever was under way."""

from __future__ import annotations

import os
import signal

import duckdb
import pytest

from evalhub.interrupt import Stopped, heard, listening, raising


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_a_library_makes_of_a_signal_is_the_signal(number: signal.Signals) -> None:
    def library() -> None:
        try:
            os.kill(os.getpid(), number)
        except KeyboardInterrupt:
            raise RuntimeError("Query interrupted") from None

    with pytest.raises(Stopped) as stopped, raising():
        library()
    assert stopped.value.number == number


def test_in_the_middle_of_a_query() -> None:
    with pytest.raises(Stopped), raising(), duckdb.connect() as database:
        database.create_function("told", lambda _: os.kill(os.getpid(), signal.SIGINT) or 1, ["BIGINT"], "BIGINT")
        database.execute("SELECT sum(told(a.range) + b.range) FROM range(1) a, range(10_000_000) b").fetchall()


@pytest.mark.parametrize("error", [None, RuntimeError])
def test_a_second_one_where_the_first_was_a_wish(error: type[Exception] | None) -> None:
    """Also if a library makes an error of its own of it."""
    with pytest.raises(Stopped) as stopped, raising(), listening() as wish:
        os.kill(os.getpid(), signal.SIGINT)
        assert wish.number == heard() == signal.SIGINT
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except Stopped:
            if error:
                raise error from None
            raise
    assert stopped.value.number == signal.SIGTERM


def test_while_all_is_closed_further_ones_wait() -> None:
    closed = False
    with pytest.raises(Stopped), raising():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            closed = True
    assert closed


def test_other_errors_are_themselves() -> None:
    with pytest.raises(ZeroDivisionError), raising():
        raise ZeroDivisionError
