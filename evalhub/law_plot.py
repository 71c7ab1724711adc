"""A law as a picture: measured rates, the law, and its forecast of the largest model."""

from __future__ import annotations

import altair as alt
import numpy as np
import polars as pl

from aggregate.laws.curve import f_of
from aggregate.laws.law import Law
from evalhub.charts import BLUE, ORANGE
from evalhub.wording import plain

_KINDS = {"measured": (BLUE, "circle"), "forecast": (ORANGE, "diamond"), "outlook": ("#009E73", "square")}
_LAW = "law"


def law_plot(law: Law, family: str = "") -> alt.HConcatChart:
    """Both panels side by side, with the verdict above them."""
    p = "" if law.p is None else f", p {law.p:.2g}"
    of = f"{law.samples:,} samples" if law.samples else "mean pass rates"
    whose = f"{plain(family)}: t" if family else "T"
    return (
        alt.hconcat(*(panel.properties(width=360) for panel in panels(law)))
        .properties(
            title=alt.TitleParams(
                f"{whose}ask scaling law on {of}: {law.verdict}{p}",
                subtitle=[
                    f"The line is the law through all models, bars are {law.level * 100:.12g} % intervals.",
                    "Forecast: of the largest model by the smaller ones; outlook: by all of them.",
                ],
                anchor="start",
                fontSize=16,
            ),
            padding=20,
            background="white",
        )
        .configure_view(stroke=None)
    )


def panels(law: Law) -> tuple[alt.LayerChart | alt.FacetChart, alt.LayerChart | alt.FacetChart]:
    """Pass rates against size; and F = ln(-ln(rate)) of the rate above chance, in which a sample's law is a line.
    Rates at or below chance stand in the first only."""
    rows: list[dict[str, object]] = [
        _row(name, size, rate, None, None, "measured")
        for name, size, rate in zip(law.models, law.parameters, law.rates, strict=True)
    ]
    if law.held_out:
        first = law.held_out.forecasts[0]
        rows.append(
            _row(law.held_out.model, law.held_out.parameters, first.rate, first.low, first.high, "forecast")
        )
    rows += [_row("", size, one.rate, one.low, one.high, "outlook") for size, one in law.outlooks]
    rows += [_row("", size, rate, None, None, _LAW) for size, rate in law.curve]
    numbers = dict.fromkeys(("parameters", "rate", "low", "high"), pl.Float64)
    frame = pl.DataFrame(rows, schema={"model": pl.String, **numbers, "kind": pl.String})
    return (
        _panel(frame, "rate", "pass rate", zero=True),
        _panel(_lines(frame, law.chance), "F", f"ln(−ln({_above(law.chance)}))"),
    )


def _above(chance: float) -> str:
    """What F is of, in words."""
    return f"(pass rate − {chance:.3g}) / (1 − {chance:.3g})" if chance else "pass rate"


def _row(
    model: str, size: float, rate: float | None, low: float | None, high: float | None, kind: str
) -> dict[str, object]:
    return {"model": plain(model), "parameters": size, "rate": rate, "low": low, "high": high, "kind": kind}


def _lines(frame: pl.DataFrame, chance: float) -> pl.DataFrame:
    """The same rows in F; ends of intervals change places."""

    def turned(name: str) -> pl.Series:
        found = f_of(frame[name].cast(pl.Float64).to_numpy().astype(float), chance)
        return pl.Series(np.asarray(found)).fill_nan(None)

    made = frame.select("model", "parameters", "kind").with_columns(
        F=turned("rate"), low=turned("high"), high=turned("low")
    )
    return made.filter(pl.col("F").is_not_null())


def _panel(frame: pl.DataFrame, y: str, title: str, *, zero: bool = False) -> alt.LayerChart | alt.FacetChart:
    kinds = [kind for kind in _KINDS if kind in set(frame["kind"])]
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=kinds, range=[_KINDS[kind][0] for kind in kinds]),
        legend=alt.Legend(orient="top", title=None),
    )
    shape = alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=[_KINDS[kind][1] for kind in kinds]))
    base = alt.Chart(alt.Data(values=frame.to_dicts()))
    x = alt.X(
        "parameters:Q",
        scale=alt.Scale(type="log", nice=False, padding=20),
        title="parameters",
        axis=alt.Axis(format="~s", tickCount=6, labelExpr="replace(datum.label, 'G', 'B')"),
    )
    tooltip = [
        alt.Tooltip("model:N"),
        alt.Tooltip("parameters:Q", format=".3~s"),
        alt.Tooltip(f"{y}:Q", format=".4~g"),
    ]
    up = alt.Y(f"{y}:Q", title=title, scale=alt.Scale(zero=zero))
    ranges = (
        base.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=3, opacity=0.5)
        .encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q", color=colour)
    )
    line = base.transform_filter(f"datum.kind == '{_LAW}'").mark_line(opacity=0.5, color=BLUE).encode(x=x, y=up)
    points = (
        base.transform_filter(f"datum.kind != '{_LAW}'")
        .mark_point(size=80, filled=True, opacity=1)
        .encode(x=x, y=up, color=colour, shape=shape, tooltip=tooltip)
    )
    return alt.layer(line, ranges, points).properties(height=300)
