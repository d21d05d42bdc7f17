"""What results can become for other tools: methods that a result and those of instances share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pygenn_lite import hooks


class Exchangeable:
    """Base of results: gives them to Neo, pandas, xarray and NWB."""

    def to_neo(self) -> Any:
        """This result as a ``neo.Block``.

        Returns
        -------
        neo.Block
            With one ``Segment``; of several instances one for each. A segment has a ``SpikeTrain``
            for each neuron whose spikes were recorded, silent ones included (annotations
            ``population`` and ``index``; times in ms), and an ``AnalogSignal`` for each recorded
            variable (annotations ``population`` or ``synapse_group``, ``variable``; array
            annotation ``index``), in its unit where the model says it. The block is annotated with
            the provenance.

        Raises
        ------
        MissingPackageError
            Neo is not installed.

        Notes
        -----
        Neo takes about 0.3 ms per spike train.
        """
        return hooks.call("to_neo", self)

    def to_pandas(self) -> Any:
        """This result as pandas tables.

        Returns
        -------
        pygenn_lite.exchange.pandas_output.Tables
            A named tuple ``(spikes, traces)``. ``spikes`` is a ``DataFrame`` with the columns
            ``time`` (ms), ``population``, ``neuron`` and, of several instances, ``instance``.
            ``traces`` is a dict: ``traces["exc.V"]`` is a ``DataFrame`` with a row per sample
            (index ``time``, ms) and a column per neuron, of several instances per instance and
            neuron; ``.attrs["unit"]`` is the unit.

        Raises
        ------
        MissingPackageError
            pandas is not installed.
        """
        return hooks.call("to_pandas", self)

    def to_xarray(self) -> Any:
        """This result as an ``xarray.DataTree``.

        Returns
        -------
        xarray.DataTree
            ``tree["exc/V"]`` holds the variable ``V`` with the dimensions ``time`` and ``neuron``,
            of several instances ``instance``, ``time``, ``neuron`` (NaN where one ended early);
            ``tree["exc/spikes"]`` holds ``time`` and ``neuron`` of each spike (of several
            instances also ``instance_of_spike``), and ``recorded``, the neurons whose spikes were
            recorded. Attributes have the units; those of the root the provenance.

        Raises
        ------
        MissingPackageError
            xarray is not installed.
        """
        return hooks.call("to_xarray", self)

    def to_nwb(self, path: str | Path, overwrite: bool = False, **metadata: Any) -> Path:
        """Write this result to an NWB file.

        The units table has a row for each neuron whose spikes were recorded, with ``spike_times``,
        ``obs_intervals``, ``population``, ``neuron`` and, of several instances, ``instance``.
        Recorded variables are ``TimeSeries`` called ``exc.V`` (``exc.V.3`` of instance 3), with the
        values as they are and the ``conversion`` that makes them SI.

        Parameters
        ----------
        path : path
            Appears when all is written.
        overwrite : bool
            Whether an NWB file that is there may be replaced. Other files never are.
        **metadata
            Fields of ``pynwb.NWBFile``. NWB asks for ``session_description``, ``identifier`` and
            ``session_start_time``: by default the network's name, one that no other file has, and
            the date of the run. Others may be ``experimenter``, ``institution``, ``lab``,
            ``subject``, ``keywords``.

        Returns
        -------
        Path

        Raises
        ------
        MissingPackageError
            pynwb is not installed.
        ArgumentError
            There is a file already, or NWB has no such field.
        """
        written: Path = hooks.call("to_nwb", self, path, overwrite, metadata)
        return written
