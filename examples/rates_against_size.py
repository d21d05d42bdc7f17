"""Does a network behave as before when it is made larger? Rates against size, with scaled weights.

The mushroom body with more projection neurons (PN) or Kenyon cells (KC), Izhikevich's network:
weights fixed, as 1/N (their spread as 1/N or 1/√N), or as 1/√N. The argument `full` takes minutes.
"""

import sys

import matplotlib.pyplot as plt

import pygenn_lite as pg

FULL = "full" in sys.argv[1:]
DURATION, SEEDS, FACTORS = (1000.0, 3, (0.5, 1, 2, 4)) if FULL else (300.0, 1, (1, 2))
N, SMALL = (10000, {}) if FULL else (800, {"constants.n_KC": 200, "constants.n_DN": 20})
KINDS = {  # what is kept, the spread of weights, the line of the picture
    "fixed": (None, None, ":"),
    "1/N": ("mean", "proportional", "--"), "1/N, spread 1/√N": ("mean", "sqrt", "-"),
    "1/√N": ("variance", "sqrt", "-."),
}  # fmt: skip


def sparse(n):
    return pg.load_network("izhikevich_sparse", {"constants.N": n, "constants.n_out": n // 10})[0]


def grown(part, factor):
    """A network of other sizes, what it is compared with, and the groups that this concerns."""
    if part == "exc":
        return sparse(round(N * factor / 4)), sheet, tuple(sheet.groups)
    values = {f"populations.{part}.size": round(body[part].size * factor)}
    if part == "PN":  # an odour is a tenth of them, whatever their number
        values["groups.odours_PN.connectivity.n"] = round(0.1 * body["PN"].size * factor)
    return body.with_values(values), body, {"PN": ("PN_KC", "PN_LHI"), "KC": ("KC_DN",)}[part]


body, sheet, rates = pg.load_network("mushroom_body", SMALL)[0], sparse(N), {}
figure, axes = plt.subplots(1, 3, figsize=(15, 4), layout="constrained", sharey=True)
for axis, part in zip(axes, ("PN", "KC", "exc"), strict=True):
    for kind, (keep, spread, line) in KINDS.items():
        if part == "exc" and spread == "sqrt" and keep == "mean":
            continue  # uniform weights from 0 on have no wider spread of the same sign
        for factor in FACTORS:
            net, like, groups = grown(part, factor)
            if keep:
                kept = dict.fromkeys(groups, keep)
                net = pg.scale_weights(net, like=like, keep=kept, spread=spread)
            found = net.compile(instances=SEEDS).run(DURATION).rates().items()
            rates[part, kind, net[part].size] = means = {n: float(r.mean()) for n, r in found}
            print(part, net[part].size, kind, means)
        curves = {size: each for (p, k, size), each in rates.items() if (p, k) == (part, kind)}
        for k, name in enumerate(("exc", "inh") if part == "exc" else ("KC", "LHI", "DN")):
            axis.plot(
                list(map(str, curves)), [each[name] for each in curves.values()], line,
                color=f"C{k}", marker=".", label=f"{name}, {kind}",
            )  # fmt: skip
    axis.set(yscale="symlog", yticks=(0, 1, 10), xlabel=f"number of {part}", ylabel="rate (Hz)")
    axis.legend(fontsize=7, handlelength=4, loc="upper left", bbox_to_anchor=(1, 1))
figure.savefig("rates_against_size.png", dpi=110)
