"""Brings a network to life: finds a compiler, keeps what it compiled, lays out memory, connects,
runs, records, saves.

The way of a network through this package, one module each::

    toolchain, cache, build   source -> shared objects
    partition, plan           who owns which neurons; does it fit
    arrays, neurons           memory and initial values of populations
    descriptors, stores       synapse groups -> stored synapses
    machine                   all of it handed to the engine (abi is the mirror of its C interface)
    simulation                the run loop a user drives
    recording, result         what comes out; checkpoint: to continue later
"""
