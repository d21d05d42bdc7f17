"""Last stage: the Plan, how a Program lies in memory on a target."""
