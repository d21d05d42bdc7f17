"""First stage: what of a network decides its generated code (names and text; the cache key)."""
