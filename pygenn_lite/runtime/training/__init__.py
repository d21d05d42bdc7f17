"""Fused training programs: a network laid down for them, compiled, run batch by batch."""
