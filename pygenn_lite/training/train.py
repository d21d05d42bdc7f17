"""``pg.train``: trains a network in one call."""

from __future__ import annotations

from typing import Any

from pygenn_lite.declaration.network import Network
from pygenn_lite.training.trainer import Trainer
from pygenn_lite.training.trainer_options import OF_FIT, OF_TRAINER, check_names


def train(network: Network, data: Any, loss: Any, epochs: int = 10, **options: Any) -> Trainer:
    """Train a network.

    Parameters
    ----------
    network : Network
        With a spike source that replays the data.
    data : SpikeDataset
    loss : Loss
        Of :mod:`pygenn_lite.training.losses`.
    epochs : int
    **options
        Of :class:`Trainer` and of :meth:`Trainer.fit`.

    Returns
    -------
    Trainer
        Trained: ``history``, ``network``, ``evaluate``, ``predict``, ``result``.

    Examples
    --------
    >>> net = pg.Network(dt=1.0, seed=1)
    >>> source = net.spike_source("in", 5, [], [])
    >>> out = net.population("out", 3, pg.LIF(tau=20.0))
    >>> group = net.connect(source, out, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=100.0)
    >>> loss = pg.losses.CrossEntropy("out.V")
    >>> trained = pg.train(net, pg.data.yin_yang(100), loss=loss, epochs=2)
    >>> trained.epochs
    2
    """
    check_names(options, (*OF_TRAINER, *OF_FIT))
    of_fit = {name: options.pop(name) for name in OF_FIT if name in options}
    trainer = Trainer(network, loss, **options)
    trainer.fit(data, epochs, **of_fit)
    return trainer
