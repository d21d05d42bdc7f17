"""Makes one kernel of two that follow each other over the same elements."""

from __future__ import annotations

from pygenn_lite.codegen.program.kernel import (
    Assign,
    Draw,
    Kernel,
    Statement,
    TimedValue,
    read_by,
    written_by,
)


def fuse(first: Kernel, second: Kernel, name: str) -> Kernel:
    """Both bodies in order; what both draw, look up or compute alike is taken from the first.

    Right only where nothing else comes between them.
    """
    written = {n for s in first.body for n in written_by(s)}
    own = first.known.keys()

    def known(statement: Statement) -> bool:
        if statement not in first.body:
            return False
        if isinstance(statement, (Draw, TimedValue)):
            return True
        return (
            isinstance(statement, Assign)
            and statement.target not in own
            and written.isdisjoint(read_by(statement))
        )

    body = (*first.body, *(s for s in second.body if not known(s)))
    return Kernel(
        name, first.domain, first.variables, body, first.real, first.fires or second.fires
    )
