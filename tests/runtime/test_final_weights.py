"""What a result keeps of the weights at the end of a run."""

import numpy as np
import pytest

from pygenn_lite.runtime.results import final_weights

pytestmark = pytest.mark.usefixtures("backend")


def test_up_to_a_limit_all_weights_are_kept_beyond_it_a_histogram(monkeypatch):
    monkeypatch.setattr(final_weights, "MOST_WEIGHTS", 5)
    weights = np.array([0.0, 1.0, 1.0, 2.0, 4.0])
    assert final_weights.final_weights(weights) is weights
    more = final_weights.final_weights(np.append(weights, 3.0))
    assert isinstance(more, final_weights.WeightHistogram)
    assert len(more) == 6 and len(more.counts) == final_weights.BINS
    assert more.edges[0] == 0.0 and more.edges[-1] == 4.0
    assert more.counts[0] == 1 and more.counts[-1] == 1 and more.counts.max() == 2
