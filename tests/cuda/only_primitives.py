"""Looks for what kernels may not use: CUDA itself beside the primitives, and loops that wait by
themselves, which in the emulator would never let others run."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A pattern, and what to write instead.
REFUSED = {
    r"threadIdx|blockIdx|blockDim|gridDim|warpSize": "pgl::thread(), block(), lane() ...",
    r"__global__|__launch_bounds__": "PGL_KERNEL or PGL_LOOP",
    r"__device__|__host__|__forceinline__|__noinline__": "PGL_DEVICE",
    r"__shared__": "PGL_SHARED or PGL_DYNAMIC_SHARED",
    r"__constant__|__managed__|__grid_constant__": "an array among the arguments",
    r"__syncthreads\w*|__syncwarp": "pgl::barrier() or pgl::warp_barrier()",
    r"__(?:shfl|ballot|any|all|activemask|match|reduce)\w*": "pgl::ballot(), pgl::shuffle() ...",
    r"__threadfence\w*": "pgl::fence() or pgl::fence_block()",
    r"(?<!\})__(?!restrict(?:__)?\b)\w+": "a primitive of common/device.hpp (add one if need be)",
    r"atomic[A-Z]\w*": "pgl::atomic_add() ...",
    r"asm|volatile": "a primitive of common/device.hpp (add one if need be)",
    r"cooperative_groups|nvcuda|cuda::\w+|clock64|nanosleep": "a primitive of common/device.hpp",
    r"std::\w+|malloc|free|printf|assert|new|delete|throw": "nothing: a card lacks it",
    r"thread_local|goto": "another way",
}
_WORDS = [
    (re.compile(rf"(?<!\w)(?:{pattern})(?!\w)"), instead) for pattern, instead in REFUSED.items()
]
_HIDDEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|\{#.*?#\}|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])'", re.DOTALL
)
_LOOP = re.compile(r"(?<!\w)(while|do|for)(?!\w)")
_READS = re.compile(r"(?<!\w)(?:load_fresh|load_message|atomic_\w+)\s*\(")
_RETRIES = re.compile(r"(?<!\w)(?:load_fresh|load_message|atomic_cas|atomic_exchange)\s*\(")
_YIELDS = re.compile(r"(?<!\w)(?:wait_message|wait_count|barrier)\s*\(")
SPIN = "a loop that waits by itself: pgl::wait_message() or pgl::wait_count()"


def violations(text: str) -> list[str]:
    """What a source may not hold, as ``line: what; write ...``.

    Parameters
    ----------
    text : str
        A source of kernels, or a template of one.
    """
    code = _HIDDEN.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    found = list(_refused_words(code))
    for match in re.finditer(r"#\s*include\s*<", code):
        found.append((match.start(), "#include <...>; write nothing: a card has no headers"))
    for match in re.finditer(r'extern\s*"', text):
        if not code[match.start()].isspace():
            found.append((match.start(), 'extern "C"; write PGL_KERNEL or PGL_LOOP'))
    found += [(at, SPIN) for at in _spins(code)]
    return [f"{text.count(chr(10), 0, at) + 1}: {what}" for at, what in sorted(found)]


def _refused_words(code: str) -> Iterator[tuple[int, str]]:
    seen: set[int] = set()
    for pattern, instead in _WORDS:
        for match in pattern.finditer(code):
            if match.start() not in seen:
                seen.add(match.start())
                yield match.start(), f"{match[0]}; write {instead}"


def _spins(code: str) -> Iterator[int]:
    """Where loops begin that end by what others do, and let none of them run."""
    for match in _LOOP.finditer(code):
        keyword, at = match[1], match.end()
        if keyword == "do":
            body, end = _statement(code, at)
            head, _ = _parentheses(code, code.find("(", end))
        elif (begin := re.compile(r"\s*\(").match(code, at)) is None:
            continue
        else:
            head, end = _parentheses(code, begin.end() - 1)
            body, _ = _statement(code, end)
            closed = re.search(r"\}\s*$", code[: match.start()])
            if keyword == "while" and closed and body.strip() == ";":
                continue  # the end of a `do`, which has been looked at
        if keyword == "for":
            parts = head.split(";")
            if len(parts) != 3 or parts[2].strip():
                continue  # it counts
            head = parts[1]
        endless = head.strip() in ("", "true", "1")
        empty = not re.sub(r"[{};\s]", "", body)
        waits = _READS.search(head) or _RETRIES.search(body) or (endless and _READS.search(body))
        if (empty or waits) and not _YIELDS.search(body):
            yield match.start()


def _parentheses(code: str, at: int) -> tuple[str, int]:
    """What stands between a parenthesis and its partner, and where that is behind."""
    depth = 0
    for end in range(at, len(code)):
        depth += (code[end] == "(") - (code[end] == ")")
        if depth == 0:
            return code[at + 1 : end], end + 1
    return code[at + 1 :], len(code)


def _statement(code: str, at: int) -> tuple[str, int]:
    """A block, or all up to a semicolon."""
    begin = at + len(code[at:]) - len(code[at:].lstrip())
    if not code.startswith("{", begin):
        end = code.find(";", begin) + 1 or len(code)
        return code[begin:end], end
    depth = 0
    for end in range(begin, len(code)):
        depth += (code[end] == "{") - (code[end] == "}")
        if depth == 0:
            return code[begin : end + 1], end + 1
    return code[begin:], len(code)
