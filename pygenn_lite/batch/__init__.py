"""Sweeps: one file, thousands of runs, on one machine or a cluster, none of them lost."""
