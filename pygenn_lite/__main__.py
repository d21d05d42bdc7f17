"""``python -m pygenn_lite`` is ``pygenn-lite``."""

from pygenn_lite.cli import main

if __name__ == "__main__":
    main()
