"""Which card a network runs on, by whom it is driven, and how steps run there."""

from __future__ import annotations

from pygenn_lite.declaration.numeric import Whole, whole_number
from pygenn_lite.errors import ArgumentError, UnsupportedFeatureError
from pygenn_lite.records import dataclass

DRIVERS = ("cupy", "pycuda", "emulator")
CARD_PLANS = ("general", "instances", "resident")
USES_CARDS = "cuda"  # the backend that takes these options


@dataclass(frozen=True)
class CardOptions:
    """Options of a backend that runs on a card.

    Attributes
    ----------
    driver : {"auto", "cupy", "pycuda", "emulator"}
        Who talks to the card.
    device : int
        The card's number.
    plan : {"auto", "general", "instances", "resident"}
        How steps run there.
    """

    driver: str = "auto"
    device: int = 0
    plan: str = "auto"


NO_CARD = CardOptions()


def card_options(
    backend: str, driver: str = "auto", device: Whole = 0, plan: str = "auto"
) -> CardOptions:
    """The options for a backend of this name.

    Raises
    ------
    ArgumentError
        Not a driver, a number of a card, or a plan.
    UnsupportedFeatureError
        The backend uses no card, and there are others than the defaults.
    """
    choices = {"driver": (driver, DRIVERS), "plan": (plan, CARD_PLANS)}
    for name, (value, names) in choices.items():
        known = ("auto", *names)
        if not isinstance(value, str) or value not in known:
            raise ArgumentError(f"{name} = {value!r}", hint=f"choose one of {', '.join(known)}")
    number = whole_number(device)
    if number is None or number < 0:
        raise ArgumentError(f"device = {device!r}", hint="give the number of a card: 0, 1, ...")
    options = CardOptions(driver, number, plan)
    if options != NO_CARD and backend != USES_CARDS:
        given = [
            f"{name}={value!r}"
            for name, value in vars(options).items()
            if value != getattr(NO_CARD, name)
        ]
        raise UnsupportedFeatureError(
            f"{', '.join(given)}: the backend {backend!r} uses no card",
            hint="pass backend='cuda'",
        )
    return options
