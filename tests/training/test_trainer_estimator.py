"""SpikingClassifier behaves as scikit-learn expects of a classifier."""

import pickle

import numpy as np
import pytest

import pygenn_lite as pg

sklearn = pytest.importorskip("sklearn")
SMALL = dict(hidden=20, epochs=12, dt=1.0, threads=1)


def iris():
    from sklearn.datasets import load_iris

    return load_iris(return_X_y=True)


def test_it_learns_and_predicts_labels_as_they_were_given():
    x, y = iris()
    words = np.array(["setosa", "versicolor", "virginica"])[y]
    model = pg.SpikingClassifier(**SMALL).fit(x, words)
    assert model.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert set(model.predict(x)) <= set(words)
    assert model.score(x, words) > 0.85
    assert model.predict_proba(x).sum(axis=1) == pytest.approx(np.ones(150))
    assert np.array_equal(
        model.predict_proba(x).argmax(axis=1), model.decision_function(x).argmax(1)
    )
    assert model.n_features_in_ == 4


def test_the_same_random_state_gives_the_same_model():
    x, y = iris()
    one, same, other = (
        pg.SpikingClassifier(**SMALL, random_state=k).fit(x, y).decision_function(x)
        for k in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_it_goes_through_pipelines_and_cross_validation():
    from sklearn.base import clone, is_classifier
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = iris()
    model = pg.SpikingClassifier(**SMALL)
    assert is_classifier(model)
    assert clone(model).get_params() == model.get_params()
    scores = cross_val_score(make_pipeline(StandardScaler(), model), x, y, cv=3)
    assert scores.mean() > 0.7
    with pytest.raises(ValueError, match="Invalid parameter 'hiden'"):
        model.set_params(hiden=3)
    assert repr(model.set_params(hidden=9)).startswith("SpikingClassifier(hidden=9, epochs=12")


def test_what_scikit_learn_refuses_is_refused_in_its_words():
    from sklearn.exceptions import NotFittedError

    x, y = iris()
    model = pg.SpikingClassifier(**SMALL)
    with pytest.raises(NotFittedError):
        model.predict(x)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(np.full((4, 2), np.nan), [0, 1, 0, 1])
    with pytest.raises(ValueError, match="one class"):
        model.fit(x[:20], y[:20])
    model.fit(x[40:60], y[40:60])
    with pytest.raises(ValueError, match="features"):
        model.predict(x[:, :2])


def test_a_network_of_ones_own_may_be_trained():
    def make(inputs, classes):
        net = pg.Network(dt=1.0, seed=3)
        source = net.spike_source("in", inputs, [], [])
        out = net.population("out", classes, pg.NeuronModel("dV/dt = (I - V)/20"))
        net.connect(source, out, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=0.0)
        return net

    x, y = iris()
    model = pg.SpikingClassifier(**SMALL, rate=0.5, make_network=make).fit(x, y)
    assert model.score(x, y) > 0.7
    assert list(model.trainer_.network.populations) == ["in", "out"]
    with pytest.raises(pg.errors.ArgumentError, match="without a population 'out'"):
        pg.SpikingClassifier(make_network=lambda i, c: pg.Network()).fit(x, y)


def test_what_makes_no_network_is_told():
    made = pg.SpikingClassifier(make_network=lambda inputs, classes: None)
    with pytest.raises(pg.errors.ArgumentError, match=r"make_network\(\) gives None"):
        made.fit(np.eye(4), [0, 1, 0, 1])


@pytest.mark.slow
def test_scikit_learns_own_checks_of_classifiers():
    from sklearn.utils.estimator_checks import check_estimator

    failed = check_estimator(pg.SpikingClassifier(hidden=30, epochs=40, dt=1.0), on_fail=None)
    wrong = {each["check_name"]: each["exception"] for each in failed if each["status"] == "failed"}
    assert wrong == {}


def test_a_copy_predicts_the_same():
    rng = np.random.default_rng(3)
    x, y = rng.random((40, 4)), rng.integers(0, 2, 40)
    fitted = pg.SpikingClassifier(hidden=10, epochs=1, dt=1.0).fit(x, y)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.decision_function(x), fitted.decision_function(x))
