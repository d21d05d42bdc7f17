"""Runs networks on a card: the drivers that talk to it, what fits on it, how things lie there."""
