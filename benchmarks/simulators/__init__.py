"""How each simulator is driven: warm up, simulate and time, rates."""
