"""What the command ``pygenn-lite`` starts. It stands outside the package because to import the
package takes a moment, in which Ctrl-C would be answered by a traceback."""

import signal


def main() -> None:
    """Import the command line, with Ctrl-C at its plain meaning meanwhile, and run it."""
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from pygenn_lite.cli import main as run_command_line

    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run_command_line()


if __name__ == "__main__":
    main()
