"""A change of what is generated shows in the commit that makes it."""

from __future__ import annotations

import pytest
from generated_code import DIGESTS, NETWORKS, digests, sources, versions


def test_the_generated_code_of_ten_networks_is_what_its_digests_say() -> None:
    kept = DIGESTS.read_text()
    if kept.splitlines()[0] != versions():
        pytest.skip(f"the digests are those of {kept.splitlines()[0]}; this is {versions()}")
    assert len(NETWORKS) == 10
    found = digests(sources())
    assert found == kept, (
        "the generated code has changed. To see how: "
        "python tests/codegen/generated_code.py --against HEAD; if it should: --update"
    )


def test_the_same_network_gives_the_same_code() -> None:
    make = NETWORKS["learning"]
    from pygenn_lite import codegen

    for generate in (codegen.generate, codegen.generate_cuda):
        one, two = (generate(codegen.network_structure(make())).source for _ in range(2))
        assert one == two
