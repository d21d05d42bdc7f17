"""What simulates runs on every backend: a test that compiles a network takes the fixture `backend`
(tests/conftest.py), or its module stands here with the reason why it does not."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
FIXTURE = "backend"
Function = ast.FunctionDef | ast.AsyncFunctionDef

# Modules, and folders, that choose their backends themselves or are about one of them.
ELSEWHERE = {
    "cli/": "the command line runs what it is told to; networks are compiled to compare with",
    "codegen/": "about generated code",
    "cuda/test_card_records.py": "about records, which a compiler lays out",
    "cuda/test_cuda_backend.py": "about the emulated card, beside the CPU",
    "cuda/test_building.py": "about the builder on a card, against the C++ builder",
    "cuda/test_instances_plan.py": "about a plan of the emulated card, beside another",
    "cuda/test_emulator.py": "about a driver, which compiles kernels",
    "cuda/test_engine_visits.py": "about the engine of cards, on records made by hand",
    "cuda/test_resident.py": "about a plan of the CUDA backend, beside another",
    "cuda/test_recorders.py": "about what a card holds of recordings, beside the CPU",
    "cuda/test_order_of_threads.py": "about the emulated card",
    "cuda/test_launches.py": "about drivers, which compile kernels",
    "cuda/test_rendered_kernels.py": "about generated code",
    "cuda/test_rendered_values.py": "about generated code",
    "declaration/test_vocabulary.py": "about generated code",
    "engine/": "about the C++ engine",
    "fuzz/": "about what the C++ compiler takes; runs in a process of its own",
    "plotting/": "about pictures; the networks are something to draw",
    "runtime/test_backends.py": "about the choice of a backend",
    "runtime/test_compile_cache.py": "about compiled code on disk",
    "runtime/test_damaged_files.py": "about bytes of files, whoever wrote them",
    "runtime/test_group_drawing.py": "about the compiled builder, against the host",
    "runtime/test_memory_plan.py": "about the plan of memory",
    "runtime/test_moving_checkpoints.py": "between backends that it names",
    "runtime/test_null_backend.py": "about the null backend",
    "runtime/test_threads.py": "about threads",
    "runtime/test_toolchain.py": "about compilers",
    "runtime/test_toy_backend.py": "about a backend from outside",
    "runtime/test_without_a_compiler.py": "about compilers",
    "training/": "about training; networks are simulated to compare with",
    "trial/": "about training programs; networks are simulated to compare with",
    "yaml_format/": "about files; a network is compiled to see what is refused",
}


def is_compile(node: ast.AST) -> bool:
    """``net.compile(...)``, not ``re.compile(...)``."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    on = node.func.value
    return node.func.attr == "compile" and not (isinstance(on, ast.Name) and on.id == "re")


def names_in(node: ast.AST) -> set[str]:
    """What is named in a function: functions it calls, fixtures it takes, attributes of modules."""
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    found |= {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    return found | (arguments_of(node) if isinstance(node, Function) else set())


def arguments_of(function: Function) -> set[str]:
    return {a.arg for a in (*function.args.args, *function.args.kwonlyargs)}


def functions_of(tree: ast.Module) -> dict[str, Function]:
    return {node.name: node for node in tree.body if isinstance(node, Function)}


def reaching(functions: dict[str, Function], known: set[str]) -> set[str]:
    """Functions that call one of the known, through others of these too."""
    names = {name: names_in(node) for name, node in functions.items()}
    found: set[str] = set()
    while more := {n for n, used in names.items() if n not in found and used & (known | found)}:
        found |= more
    return found


def compiling(functions: dict[str, Function], known: set[str]) -> set[str]:
    """Functions that compile a network, directly or through others."""
    directly = {n for n, node in functions.items() if any(map(is_compile, ast.walk(node)))}
    return directly | reaching(functions, directly | known)


@cache
def compiling_helpers() -> frozenset[str]:
    """Functions of the modules that tests share."""
    found: set[str] = set()
    for path in TESTS.rglob("*.py"):
        if not path.name.startswith("test_"):
            found |= compiling(functions_of(ast.parse(path.read_text())), set())
    return frozenset(found)


def uses_fixture(nodes: list[ast.expr]) -> bool:
    return f"usefixtures('{FIXTURE}')" in " ".join(map(ast.unparse, nodes))


def forgotten(text: str) -> set[str]:
    """Tests of a module that compile networks on one backend only."""
    tree = ast.parse(text)
    for node in tree.body:
        marks = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
        if marks and uses_fixture([node.value]):
            return set()
    functions = functions_of(tree)
    takes = {n for n, node in functions.items() if FIXTURE in arguments_of(node)}
    takes |= {n for n, node in functions.items() if uses_fixture(node.decorator_list)}
    covered = takes | reaching(functions, takes)
    found = compiling(functions, set(compiling_helpers())) - covered
    return {name for name in found if name.startswith("test_")}


def modules() -> dict[str, set[str]]:
    """Tests that take no fixture, by module."""
    paths = {p.relative_to(TESTS).as_posix(): p for p in TESTS.rglob("test_*.py")}
    found = {name: forgotten(path.read_text()) for name, path in sorted(paths.items())}
    return {name: tests for name, tests in found.items() if tests}


def reason_for(module: str) -> str:
    folder = f"{Path(module).parts[0]}/"
    return ELSEWHERE.get(module) or ELSEWHERE.get(folder, "")


def test_what_simulates_takes_the_fixture_of_backends_or_says_why_not() -> None:
    assert {name: tests for name, tests in modules().items() if not reason_for(name)} == {}


def test_none_of_the_reasons_is_out_of_date() -> None:
    named = {name if name in ELSEWHERE else f"{Path(name).parts[0]}/" for name in modules()}
    assert set(ELSEWHERE) - named == set()


def test_a_forgotten_fixture_is_found_behind_other_functions() -> None:
    module = """
def network(): ...
def simulated(net): return net.compile().run(1.0)
def rates(): return simulated(network())
def test_it(): assert rates()
def test_pattern(): re.compile("a")
"""
    assert forgotten(module) == {"test_it"}
    assert forgotten(module.replace("test_it()", "test_it(backend)")) == set()
    marked = "pytestmark = [pytest.mark.usefixtures('backend'), pytest.mark.long('so long')]"
    assert forgotten(f"{marked}\n{module}") == set()
