"""What the tests of reports share."""

from __future__ import annotations

import pytest
from reported import make_network, make_result

import pygenn_lite as pg


@pytest.fixture
def network() -> pg.Network:
    return make_network()


@pytest.fixture
def result(network: pg.Network) -> pg.Result:
    return make_result(network)
