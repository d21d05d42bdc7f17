"""Colours: one for each population, the same in every part of a picture, and distinct also of many.

Excitatory populations are blue and inhibitory ones red where their names tell, unless the user has
chosen a colour cycle (a style sheet): then that one is used."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Sequence

BLUES = ("#1f4e9e", "#4a90c4", "#27707a", "#7a9fd4")  # excitatory populations, in turn
REDS = ("#d1495b", "#f08a4b", "#9b1b30", "#e8a598")  # inhibitory ones
OTHERS = ("#1f4e9e", "#d1495b", "#2a9d8f", "#e9a23b", "#6a4c93", "#5a6b7b", "#8ab17d", "#b5838d")
# Hues (0 to 1) between which further shades of these lie, where there are more populations.
_HUES = {BLUES: (0.46, 0.74), REDS: (-0.08, 0.10), OTHERS: (0.0, 1.0)}
_LIGHTNESS = (0.30, 0.42, 0.55)


def population_color(name: str, names: Sequence[str] = ()) -> str:
    """Return the colour of a population: blues excite, reds inhibit, others in turn.

    Parameters
    ----------
    name : str
        The population.
    names : sequence of str
        All populations of the network: the colours of a picture depend on these alone.
    """
    return population_colors([*names, name])[name]


def population_colors(names: Sequence[str]) -> dict[str, str]:
    """Return a colour for each population of a network, no two of them equal."""
    distinct = list(dict.fromkeys(names))
    chosen = _chosen_cycle()
    if chosen:
        return dict(zip(distinct, _enough(chosen, len(distinct)), strict=True))
    kinds = {name: _kind(name) for name in distinct}
    if not all(kinds.values()):
        return dict(zip(distinct, _shades(OTHERS, len(distinct)), strict=True))
    found: dict[str, str] = {}
    for kind, shades in (("exc", BLUES), ("inh", REDS)):
        alike = [name for name in distinct if kinds[name] == kind]
        found.update(zip(alike, _shades(shades, len(alike)), strict=True))
    return {name: found[name] for name in distinct}


def neuron_colors(color: str, number: int) -> list[str]:
    """Return distinct colours for single neurons of a population, all akin to its own, which comes
    first."""
    from matplotlib import rcParams
    from matplotlib.colors import to_hex, to_rgb

    dark = sum(to_rgb(rcParams["axes.facecolor"])) < 1.5
    hue, lightness, saturation = colorsys.rgb_to_hls(*to_rgb(color))
    colors = [to_hex(color)]
    for place in range(1, number):
        share = place / max(number - 1, 1)
        # Away from its own lightness, in sight of the background, and around it in hue.
        low, high = (0.42, 0.88) if dark else (0.20, 0.68)
        light = lightness + share * ((high if lightness < (low + high) / 2 else low) - lightness)
        shifted = (hue + (0.09 if place % 2 else -0.09) * share) % 1.0
        colors.append(to_hex(colorsys.hls_to_rgb(shifted, light, saturation)))
    return colors


def _shades(base: tuple[str, ...], number: int) -> list[str]:
    """The shades themselves as far as they go, else as many in their range of hues."""
    from matplotlib.colors import to_hex

    if number <= len(base):
        return list(base[:number])
    low, high = _HUES[base]
    colors = []
    for place in range(number):
        hue = (low + (high - low) * place / number) % 1.0
        lightness = _LIGHTNESS[place % len(_LIGHTNESS)]
        colors.append(to_hex(colorsys.hls_to_rgb(hue, lightness, 0.65)))
    return colors


def _chosen_cycle() -> list[str]:
    """The user's colours, if they are not matplotlib's own."""
    import matplotlib

    cycle = matplotlib.rcParams["axes.prop_cycle"]
    if cycle == matplotlib.rcParamsDefault["axes.prop_cycle"]:
        return []
    from matplotlib.colors import to_hex

    return list(dict.fromkeys(to_hex(c) for c in cycle.by_key().get("color", ())))


def _enough(colors: list[str], number: int) -> list[str]:
    """The colours, then lighter and darker ones of them."""
    rounds = -(-number // len(colors))
    akin = [neuron_colors(color, rounds) for color in colors]
    return [akin[place % len(colors)][place // len(colors)] for place in range(number)]


def _kind(name: str) -> str:
    if re.search(r"(?i)inh|(?<=[A-Za-z0-9])I$|^I$", name):
        return "inh"
    if re.search(r"(?i)exc|(?<=[A-Za-z0-9])E$|^E$", name) and not re.search(r"[a-z]e$", name):
        return "exc"
    return ""
