"""Optimisations of a Program, one a file."""
