"""The command line: ``pygenn-lite run microcircuit`` and its siblings.

Exit codes: 0 done, 2 bad input, 1 anything else.
"""

from pygenn_lite.cli.main import main

__all__ = ["main"]
