"""SpikingClassifier: a spiking network as an estimator of scikit-learn."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.connectivity import AllToAll
from pygenn_lite.declaration.distributions import Normal
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.neuron_model import NeuronModel
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.models import ExponentialCurrent
from pygenn_lite.training import data as datasets
from pygenn_lite.training import losses, optimisers, schedules
from pygenn_lite.training.trainer import Trainer

WHERE = Location("SpikingClassifier")


class SpikingClassifier:
    """A feed-forward network of one spiking layer that takes rows of numbers, by the protocol of
    scikit-learn: pipelines, cross-validation, searches.

    Each feature becomes two input neurons, one for large and one for small values, that spike once:
    the larger the value, the earlier.

    Parameters
    ----------
    hidden : int
        Neurons of the hidden layer.
    epochs, batch : int
    rate : float
        Of the optimiser (Adam, falling by a cosine), for the weights of the read-outs.
    duration, dt : float
        Of a trial and of a step, ms.
    random_state : int
        Of the initial weights and of the order of samples.
    threads : int, optional
    make_network : callable, optional
        ``make_network(inputs, classes)`` gives another network: its read-outs are the variable V of
        a population "out".

    Attributes
    ----------
    classes_ : ndarray
        Labels as they were given, in order.
    n_features_in_ : int
    trainer_ : Trainer

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> x, y = load_iris(return_X_y=True)
    >>> model = pg.SpikingClassifier(hidden=30, epochs=20).fit(x, y)
    >>> model.predict(x[:3]).shape, model.score(x, y) > 0.8
    ((3,), True)
    """

    _estimator_type = "classifier"

    def __init__(
        self,
        hidden: int = 100,
        epochs: int = 50,
        batch: int = 16,
        rate: float = 0.3,
        *,
        duration: float = 20.0,
        dt: float = 0.5,
        random_state: int = 0,
        threads: int | None = None,
        make_network: Callable[[int, int], Network] | None = None,
    ) -> None:
        self.hidden, self.epochs, self.batch, self.rate = hidden, epochs, batch, rate
        self.duration, self.dt, self.random_state = duration, dt, random_state
        self.threads, self.make_network = threads, make_network

    # ------------------------------------------------------------------ scikit-learn's protocol
    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """What it was made with."""
        return {name: getattr(self, name) for name in _parameters()}

    def set_params(self, **parameters: Any) -> SpikingClassifier:
        """Change what it was made with."""
        for name, value in parameters.items():
            if name not in _parameters():
                raise ValueError(f"Invalid parameter {name!r}; it has {', '.join(_parameters())}")
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(),
        )

    def __getstate__(self) -> dict[str, Any]:
        """A compiled program is not copied: the trained network is."""
        state = dict(vars(self))
        if "trainer_" in state:
            state["trainer_"] = state["trainer_"].network
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if "trainer_" in state:
            self.trainer_ = self._trainer(state["trainer_"])

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "trainer_")

    def fit(self, x: npt.ArrayLike, y: npt.ArrayLike) -> SpikingClassifier:
        """Train anew.

        Parameters
        ----------
        x : array_like, shape (samples, features)
        y : array_like, shape (samples,)
            Labels: numbers or words.
        """
        from sklearn.utils.multiclass import check_classification_targets
        from sklearn.utils.validation import validate_data

        rows, labels = validate_data(self, x, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("Classifier can't train when only one class is present.")
        self.low_, high = rows.min(axis=0), rows.max(axis=0)
        self.span_ = np.where(high > self.low_, high - self.low_, 1.0)
        inputs, classes = 2 * rows.shape[1], len(self.classes_)
        network = (self.make_network or self._network)(inputs, classes)
        self.trainer_ = self._trainer(network)
        self.trainer_.fit(self._encoded(rows, numbers), self.epochs, progress=False)
        return self

    def decision_function(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """What the read-outs say, shape (samples, classes); of two classes the difference, shape
        (samples,)."""
        outputs = np.asarray(self._evaluated(x).outputs, np.float64)
        return outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs

    def predict_proba(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Softmax of the read-outs, shape (samples, classes)."""
        outputs = np.asarray(self._evaluated(x).outputs, np.float64)
        shares = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        found: npt.NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
        return found

    def predict(self, x: npt.ArrayLike) -> npt.NDArray[Any]:
        """Labels, shape (samples,)."""
        numbers = self._evaluated(x).predictions
        return np.asarray(self.classes_[numbers])

    def score(self, x: npt.ArrayLike, y: npt.ArrayLike) -> float:
        """The share of right predictions."""
        return float(np.mean(self.predict(x) == np.asarray(y)))

    # ------------------------------------------------------------------ below
    def _evaluated(self, x: npt.ArrayLike) -> Any:
        from sklearn.utils.validation import check_is_fitted, validate_data

        check_is_fitted(self)
        rows = validate_data(self, x, dtype=np.float64, reset=False)
        return self.trainer_.evaluate(self._encoded(rows, np.zeros(len(rows), np.int64)))

    def _encoded(self, rows: npt.NDArray[np.float64], labels: npt.NDArray[np.integer]) -> Any:
        values = np.clip((rows - self.low_) / self.span_, 0.0, 1.0)
        both = np.concatenate([values, 1.0 - values], axis=1)
        encoder = datasets.Latency(self.duration, None, last=0.6 * self.duration)
        return datasets.encode(both, encoder, labels, classes=len(self.classes_))

    def _network(self, inputs: int, classes: int) -> Network:
        net = Network(dt=self.dt, seed=int(self.random_state or 0), name="classifier")
        # A reset far below: each neuron spikes once, and the loss is smooth in the weights.
        spiking = NeuronModel("dV/dt = (I - V)/20", threshold="V > 1", reset="V = -5")
        source = net.spike_source("in", inputs, [], [])
        hidden = net.population("hidden", self.hidden, spiking)
        out = net.population("out", classes, NeuronModel("dV/dt = (I - V)/20"))
        current, strength = ExponentialCurrent(5.0), 12.0 / inputs
        net.connect(source, hidden, current, AllToAll(), weight=Normal(strength, strength))
        net.connect(hidden, out, current, AllToAll(), weight=Normal(0.0, 0.5))
        return net

    def _trainer(self, network: Network) -> Trainer:
        populations = network.populations if isinstance(network, Network) else ()
        if "out" not in populations:
            raise ArgumentError(
                f"make_network() gives {network!r:.60}"
                if not isinstance(network, Network)
                else "make_network() gives a network without a population 'out'",
                where=WHERE,
                hint="return a pg.Network whose read-outs are called 'out'",
            )
        slower = {f"groups.{name}.weight": 0.1 for name, g in network.groups.items()
                  if g.target != "out"}  # fmt: skip
        optimiser = optimisers.Adam(self.rate, rates=slower, schedule=schedules.Cosine(0.02))
        loss = losses.CrossEntropy("out.V", shape="exponential")
        given: dict[str, Any] = {"duration": self.duration, "batch": self.batch}
        return Trainer(network, loss, optimiser, threads=self.threads, **given)

    def __repr__(self) -> str:
        usual = {name: p.default for name, p in _parameters().items()}
        changed = [f"{n}={v!r}" for n, v in self.get_params().items() if v != usual[n]]
        return f"SpikingClassifier({', '.join(changed)})"


def _parameters() -> dict[str, inspect.Parameter]:
    found = dict(inspect.signature(SpikingClassifier.__init__).parameters)
    del found["self"]
    return found
