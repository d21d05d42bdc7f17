"""Third stage: the Program, what is to be computed, free of any target language."""
