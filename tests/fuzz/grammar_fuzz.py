"""Random declarations that look valid: every choice comes from one `random.Random`-like source."""

import pygenn_lite as pg

# Names that clash with C++, its standard headers, SymPy's functions or the generated locals.
NAMES = [
    "n",
    "time",
    "lane",
    "lanes",
    "args",
    "I_base",
    "real",
    "pgl",
    "std",
    "main",
    "y0",
    "j1",
    "gamma",
    "beta",
    "zeta",
    "S",
    "N",
    "E",
    "Q",
    "O",
    "C",
    "lambda_",
    "M_PI",
    "NaN",
    "EPS",
    "MIN",
    "MAX",
    "abs_",
    "expf",
    "Symbol",
    "Integer",
    "sqrt2",
    "printf",
    "size_t",
    "uint32_t",
    "int32_t",
    "value",
    "count",
    "block",
    "begin",
    "i",
    "step",
    "flags",
    "s0",
    "x1",
    "seed",
    "Y",
    "GammaU_",
    "re",
    "im",
    "oo",
    "zoo",
    "nan",
    "inf",
    "INF",
    "isnan",
    "errno_",
    "stdout_",
    "P",
    "decay",
    "gain",
    "slope0",
    "ff",
    "stage1",
    "update0",
    "random0",
    "total",
    "ring_value",
    "assert",
    "restrict_",
    "__",
    "x_",
    "A_",
    "noise",
    "timed",
    "current",
    "poisson",
    "test",
]
CONSTANTS = [
    "0",
    "1",
    "2",
    "3",
    "-1",
    "0.5",
    "1/2",
    "1/3",
    "0.0",
    "1e-30",
    "1e30",
    "1e-300",
    "1e300",
    "pi",
    "10",
    "0.1",
    "7/2",
    "2**10",
    "2**-3",
    "5.",
    "1e3",
    "123456789012345678901234567890",
    "-0.0",
]
ONE = [
    "exp",
    "log",
    "log10",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "abs",
    "sign",
    "floor",
    "ceil",
    "heaviside",
    "exprel",
]


class Source:
    """Draws parts of declarations."""

    def __init__(self, random):
        self.random = random

    def chance(self, p):
        return self.random.random() < p

    def choice(self, things):
        return self.random.choice(list(things))

    def names(self, count, taken=()):
        found = []
        while len(found) < count:
            name = self.choice(["V", "w", "u", "g", "a", "b", "tau", *NAMES])
            if name not in found and name not in taken and "__" not in name:
                found.append(name)
        return found

    # -------------------------------------------------------------- expressions

    def number(self, symbols, depth=3, draws=False):
        """Text of a number."""
        if depth == 0 or self.chance(0.15):
            if draws and self.chance(0.15):
                return self.choice(["rand()", "randn()"])
            return self.choice(symbols) if symbols and self.chance(0.7) else self.choice(CONSTANTS)

        def part():
            return self.number(symbols, depth - 1, draws)

        def truth():
            return self.condition(symbols, depth - 1, draws)

        kind = self.random.randrange(16)
        if kind < 3:
            return f"{part()} {self.choice('+-')} {part()}"
        if kind < 6:
            return f"({part()})*({part()})"
        if kind < 8:
            return f"({part()})/({part()})"
        if kind == 8:
            return f"({part()})**({self.choice([part(), '2', '3', '0.5', '-1', '-2', '1/3', '0'])})"
        if kind < 11:
            return f"{self.choice(ONE)}({part()})"
        if kind == 11:
            several = ", ".join(part() for _ in range(self.random.randint(2, 4)))
            return f"{self.choice(['min', 'max'])}({several})"
        if kind == 12:
            return f"clip({part()}, {part()}, {part()})"
        if kind == 13:
            return f"where({truth()}, {part()}, {part()})"
        if kind == 14:
            last = self.choice(["True", truth()])
            return f"Piecewise(({part()}, {truth()}), ({part()}, {last}))"
        return self.choice(
            [
                f"-({part()})",
                f"({part()} if {truth()} else {part()})",
                truth() if self.chance(0.1) else part(),
            ]
        )

    def condition(self, symbols, depth=2, draws=False):
        """Text of a condition."""
        if self.chance(0.04):
            return self.choice(["True", "False", "1", "0", "1 > 0", "1 < 0", *symbols])

        def part():
            return self.number(symbols, max(depth - 1, 0), draws)

        kind = self.random.randrange(10)
        if depth <= 0 or kind < 6:
            return f"({part()}) {self.choice(['>', '<', '>=', '<=', '==', '!='])} ({part()})"
        a, b = (self.condition(symbols, depth - 1, draws) for _ in range(2))
        return [
            f"({a} and {b})",
            f"({a} or {b})",
            f"(not {a})",
            f"({part()} < {part()} < {part()})",
        ][kind - 6]

    def value(self, size, symbols=("i", "n"), neuron=True):
        """A value for a parameter, start value, weight ..."""
        plain = [0.0, 1.0, -1.0, 5.0, 20.0, -65.0, 1e-3, 0.37]
        kind = self.random.randrange(12)
        if kind < 6:
            return self.choice(plain)
        if kind == 6 and neuron:
            return [self.choice(plain) for _ in range(size)]
        if kind == 7:
            return self.choice([pg.Uniform(0.5, 2.0), pg.Uniform(1.0, 1.0)])
        if kind == 8:
            return self.choice(
                [pg.Normal(5.0, 1.0), pg.TruncatedNormal(0.0, 1.0, low=0.1), pg.LogNormal(0.0, 1.0)]
            )
        if kind == 9:
            return self.choice([pg.Exponential(2.0), pg.Gamma(2.0, 0.5), pg.Binomial(5, 0.5)])
        if kind == 10:
            return self.number(list(symbols), 2)
        return self.choice(plain)

    # -------------------------------------------------------------- models

    def neuron(self):
        """Arguments of a NeuronModel."""
        names = self.names(6)
        states, definitions, parameters = names[:2], names[2:4], names[4:]
        states = states[: self.random.randint(0, 2)]
        definitions = definitions[: self.choice([0, 0, 1, 2])]
        known = [*states, *definitions, *parameters, "t", "dt"]
        inputs = self.choice([None, ("I",), ("I", "J2"), ()])
        known += ["I"] if inputs is None else inputs
        declared = {"parameters": {p: self.value(3) for p in parameters}}
        if inputs is not None:
            declared["inputs"] = inputs
        update_only = self.chance(0.2)
        lines = []
        for k, name in enumerate(definitions):
            circle = self.chance(0.03)
            use = [x for x in known if circle or x not in definitions[k:]]
            lines.append(f"{name} = {self.number(use)}")
        if update_only:
            update = [
                f"{s} {self.choice(['=', '+=', '*='])} {self.number(known, 3, True)}"
                for s in states
                for _ in range(self.random.randint(1, 2))
            ]
            declared["update"] = "\n".join(update)
        else:
            for s in states:
                kind = self.random.randrange(5)
                p, q = self.choice(parameters), self.choice(parameters)
                other = self.choice(states)
                drive = self.choice(known)
                lines.append(
                    f"d{s}/dt = "
                    + [
                        f"({p} - {s} + {drive})/{q}",
                        f"-{s}/{p} + {other}*{q} + {drive}",
                        f"{self.number(known)}*{s} + {self.number(known, 2)}",
                        self.number(known),
                        f"-{s}/{p} + {self.number(known, 1)}*{self.choice(['xi', 'xi_a'])}",
                    ][kind]
                )
            declared["integrator"] = self.choice(
                ["auto"] * 6
                + ["rk4", "euler", "exponential_euler", "heun", "rk2", "exact", "euler_maruyama"]
            )
        self.random.shuffle(lines)
        declared["derivatives"] = "\n".join(lines)
        if self.chance(0.8):
            declared["threshold"] = self.choice(
                [
                    f"{self.choice(known)} > {self.choice(parameters)}",
                    self.condition(known, 2, True),
                    "rand() < 0.1",
                ]
            )
            targets = states or ["c0"]
            declared["reset"] = "; ".join(
                f"{self.choice(targets)} {self.choice(['=', '+=', '-=', '/='])} "
                f"{self.number(known, 2, True)}"
                for _ in range(self.random.randint(0, 3))
            )
            if not states:
                declared["initial"] = {"c0": 0.0}
            kind = self.random.randrange(6)
            if kind == 0:
                declared["refractory"] = self.choice([*parameters, 2.0, "3*dt", "0"])
            elif kind == 1:
                declared["refractory"] = self.condition(known, 1)
            elif kind == 2:
                declared["refractory"] = self.number([*parameters, "dt"], 2)
            if states and self.chance(0.3):
                declared["clamp"] = self.choice([states[:1], states, ()])
        if states and self.chance(0.5):
            declared.setdefault("initial", {}).update({s: self.value(3) for s in states})
        return declared

    def trace(self, name, parameters):
        """Arguments of a SynapticTrace."""
        known = [name, *parameters, "t", "dt"]
        derivative = self.choice(
            ["", f"d{name}/dt = -{name}/{parameters[0]}", f"d{name}/dt = {self.number(known, 2)}"]
        )
        jump = self.choice([f"{name} += 1", f"{name} = 1", f"{name} = {self.number(known, 2)}"])
        return pg.SynapticTrace(derivative, jump, self.choice([None, {name: 0.5}]))

    def synapse(self, target_states, source_states):
        """Arguments of a SynapseModel."""
        names = self.names(7, taken=target_states)
        state, definition, x, y, u, p, q = names
        declared = {"parameters": {p: self.choice([1.0, 5.0, 20.0]), q: self.choice([0.1, 2.0])}}
        known = [p, q, "t", "dt"]
        jumps = [f"{v}_post" for v in target_states]
        if self.chance(0.7):
            lines = [
                f"d{state}/dt = " + self.choice([f"-{state}/{p}", self.number([state, *known], 2)])
            ]
            if self.chance(0.3):
                lines.append(f"{definition} = {self.number([state, *known], 2)}")
                declared["inputs"] = f"I = {definition}"
            else:
                reads = [state, p, *target_states[:1]]
                declared["inputs"] = self.choice([f"I = {state}", f"I += {self.number(reads, 2)}"])
            declared["derivatives"] = "\n".join(lines)
            jumps.append(state)
        if not jumps:
            jumps = ["weight"]
        if self.chance(0.4):
            declared["on_pre"] = f"{self.choice(jumps)} += weight"
            return pg.SynapseModel(**declared)
        declared["variables"] = {u: self.value(1, ("i_pre", "i_post"), neuron=False)}
        known += [u, "weight", "delay"]
        if self.chance(0.6):
            declared["pre_trace"] = self.trace(x, [p, q])
            known.append(x)
        if self.chance(0.6):
            declared["post_trace"] = self.trace(y, [p, q])
            known.append(y)
        known += [f"{v}_post" for v in target_states] + [f"{v}_pre" for v in source_states]
        if self.chance(0.4):
            rate = self.choice([f"-{u}/{p}", f"({q} - {u})/{p}", self.number([u, p, q], 2)])
            declared["synapse_derivatives"] = f"d{u}/dt = {rate}"
            if self.chance(0.4):
                more = self.choice([f"{u} - weight", f"{p}*{u}", f"-weight/{q}", f"{u}*weight"])
                declared["synapse_derivatives"] += f"; dweight/dt = {more}"
            declared["event_driven"] = self.chance(0.6)
            if self.chance(0.3):
                declared["integrator"] = self.choice(["auto", "exact", "rk4", "euler"])
        for part in ("on_pre", "on_post"):
            lines = []
            for _ in range(self.random.randint(part == "on_pre", 3)):
                target = self.choice([*jumps, "weight", u])
                if target in ("weight", u):
                    lines.append(
                        f"{target} {self.choice(['=', '+=', '*='])} {self.number(known, 2)}"
                    )
                else:
                    lines.append(f"{target} += {self.number(known, 2)}")
            declared[part] = "\n".join(lines)
        return pg.SynapseModel(**declared)

    def rule(self, n_pre, n_post):
        """A connectivity rule."""
        rules = [
            pg.AllToAll(),
            pg.AllToAll(autapses=False),
            pg.FixedProbability(self.choice([0, 0.3, 1])),
            pg.FixedTotalNumber(n=self.choice([0, 1, 7])),
            pg.FixedInDegree(self.choice([0, 2])),
            pg.FixedOutDegree(1),
            pg.PairList([], []),
            pg.PairList([0, 0], [0, 0]),
            pg.OneToOne(),
        ]
        return self.choice(rules)

    # -------------------------------------------------------------- networks

    def add_to(self, net, prefix):
        """One or two populations, with synapses and inputs, added to a network. Parts that are
        refused with an error of ours are left out; returns how many."""
        refused = 0

        def attempt(make):
            nonlocal refused
            try:
                return make()
            except pg.errors.PygennLiteError as error:
                assert str(error).strip()
                refused += 1
                return None

        size = self.choice([1, 3, 3, 65])
        declared = self.neuron()
        if size != 3:
            declared["parameters"] = {
                k: v if not isinstance(v, list) else 2.0 for k, v in declared["parameters"].items()
            }
            declared["initial"] = {
                k: v for k, v in declared.get("initial", {}).items() if not isinstance(v, list)
            }
        model = attempt(lambda: pg.NeuronModel(**declared))
        if model is None:
            return refused
        target = attempt(lambda: net.population(prefix, size, model))
        if target is None:
            return refused
        if self.chance(0.3):
            times = sorted(self.random.choice([0.0, 0.1, 0.2, 0.3, 0.7]) for _ in range(4))
            source = net.spike_source(f"{prefix}s", 3, times, [0, 1, 2, 2])
            source_states = ()
        else:
            source, source_states = target, model.state_names
        for _ in range(self.choice([0, 1, 1, 2])):
            synapse = attempt(lambda: self.synapse(model.state_names, source_states))
            if synapse is None:
                continue
            attempt(
                lambda synapse=synapse: net.connect(
                    source,
                    target,
                    synapse,
                    self.rule(source.size, target.size),
                    weight=self.value(1, ("i_pre", "i_post", "n_pre", "n_post"), neuron=False),
                    delay=self.choice([None, 0.1, 0.5, pg.Uniform(0.1, 1.0), "0.1 + 0.1*i_post"]),
                    storage=self.choice(["auto", "auto", "sparse", "dense", "procedural"]),
                )
            )
        kind = self.random.randrange(6)
        target_input = self.choice(["I", *model.inputs])
        if kind == 0:
            variable = self.choice([*model.state_names, "I_syn"])
            attempt(
                lambda: net.poisson(
                    target,
                    self.choice([0.0, 100.0, 1e5]),
                    variable=variable,
                    weight=self.value(size),
                    sources=self.choice([1, 3]),
                )
            )
        elif kind == 1:
            attempt(lambda: net.current(target, self.value(size), target_input))
        elif kind == 2:
            attempt(lambda: net.step_current(target, [0.0, 0.3], [1.0, -1.0], target_input))
        elif kind == 3:
            attempt(lambda: net.noise_current(target, 0.0, self.value(size), target_input))
        return refused
