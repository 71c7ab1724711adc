"""A benchmark never changes; its name gains versions."""

from __future__ import annotations

from typing import Any

import pytest

import evalhub as api
from evalhub.benchmarks import benchmark as home
from evalhub.benchmarks.benchmark import freeze, refresh
from evalhub.benchmarks.changes import difference
from evalhub.benchmarks.frozen import Frozen
from evalhub.probes.probe import Cut, Found, Probe
from evalhub.store import benchmarks as store
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from tests.bench.found import found
from tests.exports.hubs import measure, questions

SAMPLES = questions(12)


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[Found]:
    """What the next search finds stands here."""
    there: list[Found] = []

    def find(hub: Hub, probe: Probe, cut: Cut, **_: Any) -> Found:
        del hub
        assert (probe, cut) == (there[0].probe, there[0].cut)
        return there[0]

    monkeypatch.setattr(home, "find", find)
    return there


def test_the_hash_is_of_query_encoder_cut_and_list() -> None:
    plain = Frozen.of(found(SAMPLES[:3]))
    same = [
        found(SAMPLES[2::-1]),
        found(SAMPLES[:3], precision=0.5, low=0.1, high=0.9, answers=0, candidates=3),
    ]
    assert {Frozen.of(one).benchmark_id for one in same} == {plain.benchmark_id}
    others = [
        found(SAMPLES[:4]),
        found(SAMPLES[:3], probe=Probe(text="sum")),
        found(SAMPLES[:3], probe=Probe(text="sums", where="has_image")),
        found(SAMPLES[:3], probe=Probe(text="sums", like=(SAMPLES[0].sample_id,))),
        found(SAMPLES[:3], encoder="letters@2"),
        found(SAMPLES[:3], cut=Cut(precision=0.7)),
        found(SAMPLES[:3], cut=Cut(top=3)),
    ]
    assert len({plain.benchmark_id, *(Frozen.of(one).benchmark_id for one in others)}) == 8


def test_what_means_the_same_has_the_same_hash() -> None:
    """A filter in another spelling, examples in another order, a precision where only a filter picks."""
    pairs = [
        (Probe(text="a", where="tags='x'and(has_image)"), Probe(text="a", where="TAGS = 'x' AND has_image")),
        (Probe(like=("b", "a")), Probe(like=("a", "b"))),
    ]
    for one, other in pairs:
        assert len({Frozen.of(found(SAMPLES, probe=probe)).benchmark_id for probe in (one, other)}) == 1
    cuts = [Cut(precision=0.8), Cut(precision=0.5)]
    filtered = [Frozen.of(found(SAMPLES, probe=Probe(where="has_image"), cut=cut)) for cut in cuts]
    assert len({one.benchmark_id for one in filtered}) == 1


def test_it_comes_back_as_it_was_saved(hub: Hub) -> None:
    probe = Probe(text="sümß", like=("b", "a"), where="has_image")
    made = freeze(hub, "sums", found(SAMPLES[:5], probe=probe))
    for which in ("sums", "sums@1", made.frozen.benchmark_id, made.frozen.benchmark_id[:6]):
        opened = hub.benchmark(which)
        assert opened.frozen == made.frozen and opened.named == made.named
        assert opened.frozen.benchmark_id == made.frozen.benchmark_id
    assert str(made.named) == f"sums@1 ({made.frozen.benchmark_id[:12]})"


def test_names(hub: Hub) -> None:
    freeze(hub, "sums", found(SAMPLES[:3]))
    for name in ("", "a@1", "a b", "-x", "x" * 65, "é", "0123456789ab", "a/b"):
        with pytest.raises(api.EvalhubError, match="is no name for a benchmark"):
            freeze(hub, name, found(SAMPLES))
    with pytest.raises(api.EvalhubError, match=r"evalhub bench refresh sums .* evalhub bench delete sums"):
        freeze(hub, "sums", found(SAMPLES))
    for which, said in [
        ("sum", "there is no benchmark 'sum', did you mean sums?"),
        ("sums@2", "has no version '2'; it has 1"),
        ("ffffff", "there is no benchmark 'ffffff': evalhub bench list"),
        ("", "there is no benchmark ''"),
    ]:
        with pytest.raises(api.EvalhubError) as error:
            hub.benchmark(which)
        assert said in str(error.value)


def test_nothing_found_saves_nothing(hub: Hub) -> None:
    for fields, said in [
        ({}, "of 100 samples none can be had with precision 0.8; lower --precision"),
        ({"candidates": 0, "probe": Probe(where="has_image")}, "no sample in the pool fits has_image"),
    ]:
        with pytest.raises(api.EvalhubError, match=said):
            freeze(hub, "sums", found([], **fields))
    assert store.versions(hub) == []


def test_refresh_adds_a_version_where_the_list_is_another(hub: Hub, searched: list[Found]) -> None:
    first = freeze(hub, "sums", found(SAMPLES[:4]))
    searched[:] = [found(SAMPLES[3::-1], answers=9)]
    done = refresh(hub, "sums")
    assert (done.changed, done.benchmark.named) == (False, first.named)

    searched[:] = [found(SAMPLES[1:6])]
    done = refresh(hub, "sums")
    ids = [one.sample_id for one in SAMPLES]
    assert done.changed and done.benchmark.named.version == 2
    assert (done.change.only_first, done.change.only_second) == ((ids[0],), (ids[4], ids[5]))
    assert (done.change.both, done.change.jaccard) == (tuple(ids[1:4]), 0.5)
    assert hub.benchmark("sums").frozen == done.benchmark.frozen
    assert hub.benchmark("sums@1").frozen == first.frozen

    searched[:] = [found(SAMPLES[:4])]
    assert refresh(hub, "sums").benchmark.named.version == 3
    assert hub.benchmark("sums@3").frozen == first.frozen
    with pytest.raises(api.EvalhubError, match="evalhub bench refresh sums adds one"):
        refresh(hub, "sums@1")

    searched[:] = [found([])]
    with pytest.raises(api.EvalhubError, match="nothing is saved"):
        refresh(hub, "sums")
    assert [one.version for one in store.versions(hub, "sums")] == [1, 2, 3]


def test_a_deleted_name_leaves_what_others_have(hub: Hub) -> None:
    freeze(hub, "one", found(SAMPLES[:4]))
    freeze(hub, "other", found(SAMPLES[:4]))
    freeze(hub, "third", found(SAMPLES[4:]))
    assert store.drop(hub, "one") == store.drop(hub, "third") == 1
    assert [one.name for one in store.versions(hub)] == ["other"]
    assert len(hub.benchmark("other").frozen.samples) == 4
    store.drop(hub, "other")
    for table in ("benchmark", "benchmark_sample", "benchmark_name"):
        assert hub.database.execute(f"SELECT count(*) FROM {table}").fetchall() == [(0,)]
    freeze(hub, "one", found(SAMPLES[:4]))


def test_difference_names_what_else_is_not_the_same() -> None:
    one = Frozen.of(found(SAMPLES[:3]))
    other = Frozen.of(
        found(SAMPLES[3:], probe=Probe(text="dates", where="has_image"), cut=Cut(top=9), encoder="new@1")
    )
    assert difference(one, other).differ == {
        "text": ("sums", "dates"),
        "where": ("", "has_image"),
        "encoder": ("letters@1", "new@1"),
        "top": (None, 9),
        "precision": (0.8, None),
    }
    assert difference(one, other).jaccard == 0
    assert difference(one, one).differ == {} and difference(one, one).jaccard == 1


def test_its_ranking_is_of_its_samples(hub: Hub) -> None:
    add_samples(hub, SAMPLES)
    for n, model in enumerate(("a", "b", "c")):
        measure(hub, model, SAMPLES, 0, draw=n)
    bench = freeze(hub, "sums", found(SAMPLES[:6]))
    ranking = bench.ranking("mean")
    assert {row.model: row.samples for row in ranking.models} == dict.fromkeys("abc", 6)
    assert set(bench.measurements().samples) == set(bench.frozen.sample_ids)
    both = api.Selection(bench="sums", where="tags = 'odd'")
    assert {row.samples for row in api.rank_hub(hub, "mean", selection=both).models} == {3}
    with pytest.raises(api.EvalhubError, match=r"no sample of the benchmark sums in the pool fits tags = 'x'"):
        api.rank_hub(hub, selection=api.Selection(bench="sums", where="tags = 'x'"))
    assert hub.database.execute("SELECT count(*) FROM ranking").fetchall() == [(0,)]
