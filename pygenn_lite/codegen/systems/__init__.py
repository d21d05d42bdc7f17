"""Second stage: the continuous systems of populations and groups, and their discrete steps."""
