"""A signal is told as one, whatever was under way."""

from __future__ import annotations

import os
import signal

import duckdb
import pytest

from evalhub.scoring.interrupt import Stopped, raising


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


def test_other_errors_are_themselves() -> None:
    with pytest.raises(ZeroDivisionError), raising():
        raise ZeroDivisionError
