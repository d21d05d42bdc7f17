"""Measures during a run: sinks that need no memory for all spikes."""
