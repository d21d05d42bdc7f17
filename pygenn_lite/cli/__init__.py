"""The command line: ``pygenn-lite run microcircuit`` and its siblings.

Exit codes: 0 done, 1 failed, 2 bad input, 130 stopped by Ctrl-C, 143 by SIGTERM.
"""

from pygenn_lite.cli.main import main

__all__ = ["main"]
