"""pygenn_lite alone, with one thread and with two: the larger networks of the other cases."""

from __future__ import annotations

from dataclasses import replace

from variant import OURS, Contestant

from cases import cobahh, cuba, izhikevich, pd14

CHOSEN = ("cuba-16k", "cuba-64k", "cobahh-4k", "pd14-10", "izhikevich", "izhikevich-stdp")

VARIANTS = tuple(
    replace(
        variant,
        name=f"scaling-{variant.name}",
        contestants=(Contestant(OURS, 1, "float32"), Contestant(OURS, 2, "float32")),
        reach=None,
        reach_text="",
    )
    for module in (cuba, cobahh, pd14, izhikevich)
    for variant in module.VARIANTS
    if variant.name in CHOSEN
)
