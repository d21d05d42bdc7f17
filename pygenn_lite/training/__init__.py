"""Training: exact gradients, and the tool that proves them."""
