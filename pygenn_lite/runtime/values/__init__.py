"""Numbers that the host draws or computes: values, random numbers, distances, connections."""
