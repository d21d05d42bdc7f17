"""CuPy, imported when a card or its compiler is asked for; says which of NVIDIA's packages are
missing, too many, or for another CUDA."""

from __future__ import annotations

import importlib.metadata
import re
from typing import Any

from pygenn_lite.errors import MissingPackageError
from pygenn_lite.optional import require

WHAT = "backend='cuda'"
EMULATED = "or run the same kernels on the processor: driver='emulator'"
WHEELS = ("cupy", "cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x", "cupy-cuda14x")
# What to install for each CUDA that CuPy is built for.
EXTRAS = {12: "cuda12", 13: "cuda"}


def installed_wheels() -> tuple[str, ...]:
    """Distributions of CuPy that are installed; there should be one at most."""
    found = []
    for name in WHEELS:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return tuple(found)


def wheels_cuda() -> int:
    """The CUDA that the installed CuPy is built for, by its name: 12, 13; 0 where that does not
    tell."""
    found = re.findall(r"cupy-cuda(\d+)x", " ".join(installed_wheels()))
    return max(map(int, found), default=0)


def import_cupy() -> Any:
    """The package ``cupy``.

    Raises
    ------
    MissingPackageError
        It is not installed, cannot be imported, or is installed twice.
    """
    wheels = installed_wheels()
    if len(wheels) > 1:
        names = [wheel.split()[0] for wheel in wheels]
        raise MissingPackageError(
            f"CuPy is installed {len(wheels)} times ({', '.join(wheels)}), and their files mix",
            hint=f"pip uninstall {' '.join(names)}, then pip install 'pygenn-lite[cuda]' (CUDA 13) "
            "or 'pygenn-lite[cuda12]'",
        )
    try:
        return require("cupy", "cuda", WHAT)
    except MissingPackageError as error:
        raise MissingPackageError(error.message, hint=f"{error.hint}, {EMULATED}") from None


def built_for(cupy: Any) -> int:
    """The CUDA that CuPy is built for: 12, 13."""
    return int(cupy.cuda.driver.get_build_version()) // 1000


def import_nvrtc() -> Any:
    """CuPy's module of the compiler, the compiler found and loaded.

    Raises
    ------
    MissingPackageError
        CuPy or NVRTC is missing, or they are for different CUDAs.
    """
    cupy = import_cupy()
    nvrtc = cupy.cuda.nvrtc
    try:
        nvrtc.getVersion()
    except (RuntimeError, OSError, ImportError, AttributeError) as error:
        major = built_for(cupy)
        extra = EXTRAS.get(major, "cuda")
        first = str(error).strip().splitlines()[:1]
        raise MissingPackageError(
            f"NVIDIA's compiler NVRTC cannot be loaded; CuPy is built for CUDA {major} and needs "
            f"that of CUDA {major} ({''.join(first)})",
            hint=f"pip install 'pygenn-lite[{extra}]', {EMULATED}",
        ) from error
    return nvrtc
