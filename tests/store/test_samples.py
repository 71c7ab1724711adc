"""Samples go in once and come out equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from evalhub.store.hub import Hub
from evalhub.store.origins import sources
from evalhub.store.samples import Added, add_samples, choose_samples, load_samples
from ingest.records import Condition, Sample
from tests.store.items import FULL, item


def test_samples_come_back_equal(hub: Hub) -> None:
    """Images, dates, tags, conditions and references of any JSON kind, in the order asked for."""
    given = [
        FULL,
        item("plain"),
        item("none", reference=None, condition=Condition(stop=("a",))),
        item("number", reference=10**30, tags=("z", "a", "z")),
        item("list", reference=[1.5, "x", {"y": []}]),
        item("odd", prompt="NUL \x00, CR \r, line \u2028, emoji 🍏", licence="a'b\"c"),
        item("same image", images=FULL.images[::-1]),
    ]
    assert add_samples(hub, given) == Added(len(given), len(given))
    ids = [sample.sample_id for sample in reversed(given)]
    loaded = load_samples(hub, ids)
    assert loaded == given[::-1]
    assert [sample.sample_id for sample in loaded] == ids
    assert load_samples(hub, []) == []


def test_adding_twice_adds_nothing(hub: Hub) -> None:
    """Within one stream or across two; what is there stays as it is."""
    assert add_samples(hub, [FULL, item(), FULL]) == Added(2, 2)
    relabelled = replace(FULL, licence="GPL", tags=())
    assert add_samples(hub, [relabelled, item()]) == Added(2, 0)
    assert load_samples(hub, [FULL.sample_id]) == [FULL]
    assert add_samples(hub, []) == Added(0, 0)


def test_the_same_item_from_two_sources_is_one_sample_with_two_origins(hub: Hub) -> None:
    """Also where a source names it twice."""
    add_samples(hub, [item(), item(source_id="1b")])
    assert add_samples(hub, [item(source="market", source_id="9")]) == Added(1, 0)
    origins = hub.database.execute("SELECT sample_id, source, source_id FROM origin ORDER BY ALL").fetchall()
    name = item().sample_id
    assert origins == [(name, "market", "9"), (name, "shop", "1"), (name, "shop", "1b")]
    assert len(choose_samples(hub)) == 1


def test_a_source_that_breaks_off_adds_whole_batches_only(hub: Hub) -> None:
    """What came before the last whole batch is kept, nothing is half there, and the rest can follow."""

    def breaks_off() -> Iterator[Sample]:
        for number in range(2500):
            yield item(str(number))
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        add_samples(hub, breaks_off())
    assert sources(hub) == {"shop": 2000}
    assert add_samples(hub, (item(str(number)) for number in range(2500))) == Added(2500, 500)


def test_a_limited_choice_is_spread_over_tags(hub: Hub) -> None:
    """Tags take turns, in pool order within each, for every source by itself."""
    add_samples(
        hub,
        [
            *(item(f"a{number}", tags=("a",)) for number in range(10)),
            *(item(f"b{number}", tags=("b",)) for number in range(2)),
            *(item(f"c{number}", source="market") for number in range(3)),
        ],
    )
    chosen = load_samples(hub, choose_samples(hub, ["shop"], 6))
    assert [sample.source_id for sample in chosen] == ["a0", "b0", "a1", "b1", "a2", "a3"]
    counts = Counter(sample.source for sample in load_samples(hub, choose_samples(hub, limit=4)))
    assert counts == {"shop": 4, "market": 3}
    assert len(choose_samples(hub)) == 15
    assert choose_samples(hub, limit=0) == choose_samples(hub, ["nowhere"]) == []


def test_sources_are_counted(hub: Hub) -> None:
    """In order of name."""
    assert sources(hub) == {}
    add_samples(hub, [item("1"), item("2"), item("3", source="a")])
    assert list(sources(hub).items()) == [("a", 1), ("shop", 2)]
