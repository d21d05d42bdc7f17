"""The language of equations: names, functions, the parser."""
