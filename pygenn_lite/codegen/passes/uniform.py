"""Takes out of a loop over elements what is the same for all of them."""

from __future__ import annotations

from pygenn_lite.codegen.program.kernel import Assign, Body, Kernel, Propagate, read_by, written_by


def split_uniform(kernel: Kernel, *, flows_only: bool = False) -> tuple[Body, Body]:
    """Statements that read nothing of single elements, and the others, each in order.

    Parameters
    ----------
    kernel : Kernel
    flows_only : bool
        Leave all but coefficients of flows where they are (in a step, compilers see to the rest).
    """
    uniform = {v.symbol for v in kernel.variables if v.shared} | {"dt"}
    own = {v.symbol for v in kernel.variables if not v.shared}
    before, loop = [], []
    for statement in kernel.body:
        kinds = (Propagate,) if flows_only else (Propagate, Assign)
        same = isinstance(statement, kinds) and read_by(statement) <= uniform
        if same and own.isdisjoint(written_by(statement)):
            before.append(statement)
            uniform |= set(written_by(statement))
        else:
            loop.append(statement)
    return tuple(before), tuple(loop)
