"""The E-step of a GPU equals that of the CPU; torch runs it here on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import integrate

import kernels.latent
from aggregate.marginal import Marginal
from kernels import latent_torch
from kernels.latent import posterior
from kernels.latent_rows import Nodes, Posterior, Rows
from kernels.latent_torch import Card, posterior_on_card
from tests.aggregate.test_marginal import measured
from tests.kernels.test_latent import problem


def equal(found: Posterior, expected: Posterior) -> None:
    for name in ("log_likelihood", "counts", "totals", "first", "second"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("samples", "levels", "nodes"), [(1, 1, 1), (40, 3, 31), (300, 2, 5)])
def test_sums_equal_those_of_the_cpu(samples: int, levels: int, nodes: int) -> None:
    """Twice, since the rows stay."""
    rows, at, weight = problem(samples, samples, 6, levels, nodes)
    card = Card(rows, "cpu")
    for times in (weight, weight[::-1] + 1):
        equal(card.posterior(at, times), posterior(rows, at, times))


def test_entries_that_all_weigh_one_need_no_weights() -> None:
    rows, at, weight = problem(3, 50, 6, 2, 7)
    rows = Rows(rows.start, rows.model, rows.level, np.broadcast_to(1.0, rows.model.size))
    equal(posterior_on_card(rows, at, weight, "cpu"), posterior(rows, at, weight))


def test_by_the_nodes_of_gauss_and_hermite() -> None:
    """31 of them, standard normal difficulties, as an integral over the real line says."""
    node, share = np.polynomial.hermite_e.hermegauss(31)
    ability = np.array([-0.5, 0.2, 1.0])
    up = 1 / (1 + np.exp(node - ability[:, None]))
    # The prior's density is in the weights already: what the kernels put to it is taken out.
    at = Nodes(
        node, np.log([1 - up, up]).swapaxes(0, 1), np.log(share / share.sum()) + node**2 / 2, np.zeros(1), 1.0
    )
    rows = Rows(np.array([0, 3]), np.arange(3, dtype=np.int32), np.array([1, 0, 1], np.int8), np.ones(3))
    found = posterior_on_card(rows, at, np.ones(1), "cpu")
    fine = np.linspace(-12, 12, 200_001)
    chance = 1 / (1 + np.exp(fine - ability[:, None]))
    whole = integrate.trapezoid(
        chance[0] * (1 - chance[1]) * chance[2] * np.exp(-(fine**2) / 2) / np.sqrt(2 * np.pi), fine
    )
    assert found.log_likelihood[0] == pytest.approx(np.log(whole), abs=1e-9)


@pytest.mark.parametrize("limit", ["_CELLS", "_ENTRIES"])
def test_samples_are_worked_on_in_runs(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, at, weight = problem(5, 100, 6, 2, 7)
    monkeypatch.setattr(latent_torch, limit, 70)
    equal(posterior_on_card(rows, at, weight, "cpu"), posterior(rows, at, weight))


@pytest.mark.parametrize("piece", [1, 3, 10_000])
def test_a_column_is_summed_in_pieces(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as it takes; with weights of entries and columns that nobody has."""
    rows, at, weight = problem(7, 200, 6, 3, 5)
    monkeypatch.setattr(latent_torch, "_PIECE", piece)
    for level in (rows.level, np.zeros_like(rows.level)):
        these = Rows(rows.start, rows.model, level, rows.weight)
        found, expected = posterior_on_card(these, at, weight, "cpu"), posterior(these, at, weight)
        np.testing.assert_allclose(found.counts, expected.counts, rtol=1e-12, atol=1e-12)
        equal(found, expected)


@pytest.mark.parametrize(
    ("lengths", "begins", "columns"),
    [
        ([5, 0, 4, 1], [0, 4, 5, 9, 10], [0, 2, 2, 3, 4]),
        ([0, 8, 0], [0, 4, 8], [0, 0, 2, 2]),
        ([0, 0], [0], [0, 0, 0]),
    ],
)
def test_pieces_are_full_but_for_a_columns_last(
    lengths: list[int], begins: list[int], columns: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latent_torch, "_PIECE", 4)
    found = latent_torch._pieces(torch.tensor(lengths))
    assert [one.tolist() for one in found] == [begins, columns]
    assert all(one.dtype == torch.int32 for one in found)


def test_samples_without_entries() -> None:
    rows, at, weight = problem(8, 5, 6, 2, 7)
    none = Rows(np.zeros(6, rows.start.dtype), rows.model[:0], rows.level[:0], rows.weight[:0])
    equal(posterior_on_card(none, at, weight, "cpu"), posterior(none, at, weight))


def test_when_memory_ends_the_runs_are_halved_once_and_stay_so(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, at, weight = problem(6, 100, 6, 2, 7)
    plain, asked = latent_torch._sums, []

    def narrow(entry: Any, table: Any, start: torch.Tensor, often: Any) -> torch.Tensor:
        if table.shape[0] == 12 and len(start) != 13:  # not the pieces of columns
            asked.append(len(start) - 1)
            if len(start) > 40:
                raise torch.OutOfMemoryError("full")
        return plain(entry, table, start, often)

    monkeypatch.setattr(latent_torch, "_sums", narrow)
    card = Card(rows, "cpu")
    with pytest.warns(UserWarning, match="going on with 25 samples at a time"):
        equal(card.posterior(at, weight), posterior(rows, at, weight))
    asked.clear()
    equal(card.posterior(at, weight), posterior(rows, at, weight))
    assert asked == [25, 25, 25, 25]


@pytest.mark.parametrize("discriminate", [False, True])
def test_objective_and_gradient_are_those_of_the_cpu(discriminate: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rasch and 2PL; and the fits end where they did."""
    table = measured("binary", np.array([-1.0, 0.0, 0.5, 1.0]), 150)
    fit = Marginal(table, discriminate=discriminate)
    x = fit._start + np.random.default_rng(0).normal(size=fit.size) * 0.3
    variances = np.empty(0)
    value, gradient, expected = fit._evaluate(x, variances)
    ability = fit.fit().ability
    asked = []

    def there(*given: Any) -> Posterior:
        asked.append(given)
        return posterior_on_card(*given, device="cpu")

    monkeypatch.setattr(kernels.latent, "_CARD_PRODUCTS", 0)
    monkeypatch.setattr(kernels.latent, "why_not", lambda: None)
    monkeypatch.setattr(latent_torch, "posterior_on_card", there)
    again = Marginal(table, discriminate=discriminate)
    found = again._evaluate(x, variances)
    assert asked and found[0] == pytest.approx(value, rel=1e-9)
    np.testing.assert_allclose(found[1], gradient, atol=1e-6)
    np.testing.assert_allclose(found[2], expected, rtol=1e-9)
    np.testing.assert_allclose(again.fit().ability, ability, atol=1e-6)
