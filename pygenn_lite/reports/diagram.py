"""A network as a picture: populations on a ring, synapse groups and inputs as arrows (SVG)."""

from __future__ import annotations

import math
from html import escape

from pygenn_lite.declaration import Network
from pygenn_lite.declaration.summary import counted
from pygenn_lite.plotting.colors import population_colors

MOST_POPULATIONS = 16  # of which a ring can still be read
WIDTH, ROOM = 720.0, 62.0
GREY = "#8a94a3"
Place = tuple[float, float]


def diagram(network: Network) -> str:
    """The picture as an element ``svg``; empty for a network of too many populations.

    Arrows have the colour of their source population, those from outside are dashed.

    Examples
    --------
    >>> from pygenn_lite.reports.diagram import diagram
    >>> net = pg.Network()
    >>> cells = net.population("cells", 10, pg.LIF())
    >>> diagram(net).count("<circle")
    1
    """
    names = list(network.populations)
    if not names or len(names) > MOST_POPULATIONS:
        return ""
    height = 220.0 if len(names) <= 2 else 320.0 if len(names) <= 4 else 420.0
    places = _ring(names, height)
    sizes = {n: math.log10(1 + p.size) for n, p in network.populations.items()}
    largest = max(sizes.values()) or 1.0
    radii = {n: 13.0 + 15.0 * size / largest for n, size in sizes.items()}
    colors = population_colors(names)
    pairs = dict.fromkeys((g.source, g.target) for g in network.groups.values())
    lines = [_arrow(pair, colors[pair[0]], places, radii, height) for pair in pairs]
    driven = {i.target for i in network.inputs}
    marks = [_input_mark(places[n], radii[n]) for n in names if n in driven]
    dots = [_dot(network, n, places[n], radii[n], colors[n]) for n in names]
    return (
        f'<svg class="diagram" viewBox="0 0 {WIDTH:g} {height:g}" width="{WIDTH:g}" role="img" '
        f'aria-label="network diagram"><defs>{_heads({*colors.values(), GREY})}</defs>'
        f"{''.join(lines)}{''.join(marks)}{''.join(dots)}</svg>"
    )


def _ring(names: list[str], height: float) -> dict[str, Place]:
    """Where each population stands."""
    if len(names) == 1:
        return {names[0]: (WIDTH / 2, height / 2)}
    wide, high = (170.0, 0.0) if len(names) == 2 else (WIDTH / 2 - 150, height / 2 - ROOM)
    places = {}
    for number, name in enumerate(names):
        angle = math.pi * (2 * number / len(names) - (1 if len(names) == 2 else 0.5))
        places[name] = (WIDTH / 2 + wide * math.cos(angle), height / 2 + high * math.sin(angle))
    return places


def _arrow(
    pair: tuple[str, str],
    color: str,
    places: dict[str, Place],
    radii: dict[str, float],
    height: float,
) -> str:
    """From the edge of one circle to that of the other, bent so that two ways stay apart."""
    look = (
        f'fill="none" stroke="{color}" stroke-width="1.6" opacity="0.75" '
        f'marker-end="url(#head-{color[1:]})"'
    )
    (x0, y0), (x1, y1) = places[pair[0]], places[pair[1]]
    if pair[0] == pair[1]:
        r = radii[pair[0]]
        side = (
            math.atan2(y0 - height / 2, x0 - WIDTH / 2)
            if (x0, y0) != (WIDTH / 2, height / 2)
            else 0
        )
        a, b = side - 0.5, side + 0.5
        far = r + 34
        points = [
            (x0 + r * math.cos(a), y0 + r * math.sin(a)),
            (x0 + far * math.cos(a - 0.15), y0 + far * math.sin(a - 0.15)),
            (x0 + far * math.cos(b + 0.15), y0 + far * math.sin(b + 0.15)),
            (x0 + (r + 7) * math.cos(b), y0 + (r + 7) * math.sin(b)),
        ]
        first, *rest = [f"{x:.1f} {y:.1f}" for x, y in points]
        return f'<path d="M{first} C{", ".join(rest)}" {look}/>'
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    along = ((x1 - x0) / length, (y1 - y0) / length)
    bend = 0.13 * length
    middle = ((x0 + x1) / 2 - along[1] * bend, (y0 + y1) / 2 + along[0] * bend)
    start = _towards((x0, y0), middle, radii[pair[0]])
    end = _towards((x1, y1), middle, radii[pair[1]] + 7)
    return (
        f'<path d="M{start[0]:.1f} {start[1]:.1f} Q{middle[0]:.1f} {middle[1]:.1f}, '
        f'{end[0]:.1f} {end[1]:.1f}" {look}/>'
    )


def _towards(place: Place, other: Place, distance: float) -> Place:
    x, y = other[0] - place[0], other[1] - place[1]
    length = math.hypot(x, y) or 1.0
    return place[0] + distance * x / length, place[1] + distance * y / length


def _input_mark(place: Place, radius: float) -> str:
    """A short arrow from above: the population has an input from outside."""
    x, y = place
    return (
        f'<path d="M{x - 0.2 * radius - 16:.1f} {y - radius - 22:.1f} L{x - 0.35 * radius:.1f} '
        f'{y - 0.94 * radius - 7:.1f}" fill="none" stroke="{GREY}" stroke-width="1.6" '
        f'stroke-dasharray="3 2" marker-end="url(#head-{GREY[1:]})"/>'
    )


def _dot(network: Network, name: str, place: Place, radius: float, color: str) -> str:
    x, y = place
    below = y + radius + 16
    shown = name if len(name) <= 18 else f"{name[:17]}\N{HORIZONTAL ELLIPSIS}"
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{color}"/>'
        f'<text x="{x:.1f}" y="{below:.1f}" text-anchor="middle" font-weight="600">{escape(shown)}'
        f'</text><text class="small" x="{x:.1f}" y="{below + 14:.1f}" text-anchor="middle">'
        f"{counted(network.populations[name].size, 'neuron')}</text>"
    )


def _heads(colors: set[str]) -> str:
    return "".join(
        f'<marker id="head-{color[1:]}" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="5" '
        f'markerHeight="5" orient="auto"><path d="M0 0 L8 4 L0 8 Z" fill="{color}"/></marker>'
        for color in sorted(colors)
    )
