"""Exact gradients, derived from the continuous systems: adjoint dynamics, and what happens to
adjoints at spikes, arrivals and the end of refractory periods. Pure data that prints itself as
formulas."""
