"""What the command line may train: tasks of the library, network files with a section ``training``,
and functions of scripts."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import ArgumentError, Location, PygennLiteError, ScriptError

if TYPE_CHECKING:
    from pygenn_lite.training.training_task import TrainingTask


def find_task(name: str, options: Mapping[str, Any]) -> TrainingTask:
    """The task of a name, a file, or ``script.py:function``.

    Parameters
    ----------
    name : str
    options : mapping
        ``--hidden``, ``--samples``, ``--data``, ``--seed``: those that are not None are handed to
        the function that makes the task, where it takes them.

    Raises
    ------
    ArgumentError
        There is no such task, or it does not take an option.
    """
    given = {key: value for key, value in options.items() if value is not None}
    if name.endswith((".yaml", ".yml")):
        return _of_file(Path(name), given)
    if ".py:" in name:
        return _of_script(name, given)
    if name.endswith(".py"):
        raise ArgumentError(
            f"'{name}' is a script, and no function of it is named",
            where=Location("train"),
            hint=f"write {name}:FUNCTION; it returns a pg.TrainingTask",
        )
    from pygenn_lite.training import tasks

    known = tasks.TASKS
    if name not in known:
        raise ArgumentError(
            f"there is no task {name[:80]!r}{nearest(name, known)}",
            where=Location("train"),
            hint=f"known tasks: {', '.join(known)}; or give a YAML file with a section training:, "
            "or script.py:function",
        )
    return _called(known[name], name, given)


def _called(make: Callable[..., Any], name: str, given: Mapping[str, Any]) -> TrainingTask:
    taken = inspect.signature(make).parameters
    for option in given:
        if option not in taken:
            raise ArgumentError(
                f"{name} takes no --{option}",
                where=Location("train"),
                hint=f"it takes {', '.join(f'--{n}' for n in taken if n in OPTIONS) or 'none'}",
            )
    made: TrainingTask = make(**given)
    return made


OPTIONS = ("hidden", "samples", "data", "seed")


def _of_script(spelled: str, given: Mapping[str, Any]) -> TrainingTask:
    from pygenn_lite.batch.script import read_script
    from pygenn_lite.training.training_task import TrainingTask

    script = read_script(spelled, Path())
    try:
        made = _called(script.load(), script.function, given)
    except PygennLiteError:
        raise
    except (Exception, SystemExit) as error:
        raise ScriptError(
            f"{script.function}() fails: {type(error).__name__}: {error}",
            where=Location(script.path),
        ) from error
    if not isinstance(made, TrainingTask):
        raise ScriptError(
            f"{script.function}() returns {made!r:.60}",
            where=Location(script.path),
            hint="return a pg.TrainingTask(network, loss, train, ...)",
        )
    if made.name or made.network.name:
        return made
    return made.changed(name=re.sub(r"\.py$", "", Path(script.path).name))


def _of_file(path: Path, given: Mapping[str, Any]) -> TrainingTask:
    from pygenn_lite.training.task_file import load_task

    taken = {"data", "seed"}
    wrong = [option for option in given if option not in taken]
    if wrong:
        raise ArgumentError(
            f"a file takes no --{wrong[0]}", where=Location("train"), hint="change it in the file"
        )
    return load_task(path, folder=given.get("data"), seed=given.get("seed"))
