"""How each simulator is driven: settle, simulate and time, rates."""
