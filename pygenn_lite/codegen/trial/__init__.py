"""The training program: what a trial computes forwards and backwards in steps, derived from the
kernels of a network. Pure data."""
