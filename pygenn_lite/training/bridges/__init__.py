"""Bridges: a network as a layer of a model in PyTorch or JAX."""
