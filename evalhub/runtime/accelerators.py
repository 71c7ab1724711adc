"""Accelerators: what their makers say they can do, and what an hour of one costs.

Peak operations are dense ones, without structured sparsity. Prices are list prices of one accelerator for an hour
on demand, its share of the whole machine's; they go out of date, so each says its month, and users give their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalhub.errors import EvalhubError
from ingest.nearest import nearest

BYTES = {"fp32": 4.0, "bf16": 2.0, "fp8": 1.0, "int8": 1.0, "int4": 0.5}
"""Of a weight, by what it is kept as."""

MOST_TOGETHER = 10**6
"""Accelerators for one model, and attempts side by side: more is a slip of the pen."""

MOST_PRICE = 1e6
"""US dollars an hour of one accelerator, likewise."""


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """One of them."""

    name: str

    memory: float
    """Bytes."""

    bandwidth: float
    """Bytes of its memory a second."""

    flops: Mapping[str, float]
    """Operations a second, by what is multiplied. What it cannot multiply is made bf16 first."""

    price: float | None = None
    """US dollars an hour; None where unknown."""

    priced: str = ""
    """Whose price, and when."""

    def peak(self, dtype: str) -> float:
        """Operations a second with weights of a dtype."""
        return self.flops.get(dtype, self.flops["bf16"])


ACCELERATORS = {
    one.name: one
    for one in (
        Accelerator(
            name="H100",
            memory=80e9,
            bandwidth=3.35e12,
            flops={"fp32": 67e12, "bf16": 989e12, "fp8": 1979e12, "int8": 1979e12},
            price=6.88,
            priced="AWS p5.48xlarge, 2025-06",
        ),
        Accelerator(
            name="H200",
            memory=141e9,
            bandwidth=4.8e12,
            flops={"fp32": 67e12, "bf16": 989e12, "fp8": 1979e12, "int8": 1979e12},
            price=7.91,
            priced="AWS p5en.48xlarge, 2025-06",
        ),
        Accelerator(
            name="A100-80GB",
            memory=80e9,
            bandwidth=2.039e12,
            flops={"fp32": 19.5e12, "bf16": 312e12, "int8": 624e12},
            price=3.43,
            priced="AWS p4de.24xlarge, 2025-06",
        ),
        Accelerator(
            name="A100-40GB",
            memory=40e9,
            bandwidth=1.555e12,
            flops={"fp32": 19.5e12, "bf16": 312e12, "int8": 624e12},
            price=2.75,
            priced="AWS p4d.24xlarge, 2025-06",
        ),
        Accelerator(
            name="L4",
            memory=24e9,
            bandwidth=300e9,
            flops={"fp32": 30.3e12, "bf16": 121e12, "fp8": 242e12, "int8": 242e12},
            price=0.80,
            priced="AWS g6.xlarge, 2025-06",
        ),
        Accelerator(
            name="A10G",
            memory=24e9,
            bandwidth=600e9,
            flops={"fp32": 35e12, "bf16": 70e12, "int8": 140e12},
            price=1.01,
            priced="AWS g5.xlarge, 2025-06",
        ),
        Accelerator(
            name="MI300X",
            memory=192e9,
            bandwidth=5.3e12,
            flops={"fp32": 163.4e12, "bf16": 1307.4e12, "fp8": 2614.9e12, "int8": 2614.9e12},
            price=6.00,
            priced="Azure ND96isr MI300X v5, 2025-06",
        ),
        Accelerator(
            name="EPYC-9R14",
            memory=384e9,
            bandwidth=921.6e9,
            flops={"fp32": 16e12, "bf16": 32e12},
            price=9.85,
            priced="two processors, AWS c7a.48xlarge, 2025-06",
        ),
    )
}
"""By name. Sources: data sheets of NVIDIA (H100 SXM, H200 SXM, A100 SXM, L4, A10G) and AMD (Instinct MI300X; EPYC
9004: 12 channels of DDR5-4800 a socket, 32 operations in fp32 a core and cycle)."""


def accelerator(name: str, known: Mapping[str, Accelerator]) -> Accelerator:
    """The one of a name, in any case.

    Raises:
        EvalhubError: there is none.
    """
    check_names([name], known)
    return known[{one.lower(): one for one in known}[name.lower()]]


def check_names(names: Sequence[str], known: Mapping[str, Accelerator]) -> None:
    """Whether there are accelerators of these names, in any case.

    Raises:
        EvalhubError: there are not, with all names that are none.
    """
    low = {one.lower(): one for one in known}
    if strange := [name for name in names if name.lower() not in low]:
        near = {one: None for name in strange for one in nearest(name, known, 2, 0.5)}
        meant = f", did you mean {' or '.join(near)}?" if near else ";"
        called = " or ".join(f"'{name}'" for name in strange)
        raise EvalhubError(f"no accelerator is called {called}{meant} there are {', '.join(known)}")
