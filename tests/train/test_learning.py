from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    """Return what a network has learnt on each library, from the same first weights."""
    found = {}
    for library in ("tensorflow", "jax"):
        pytest.importorskip(library)
        path = tmp_path_factory.mktemp("learnt") / f"{library}.npz"
        subprocess.run(
            [sys.executable, "-m", "tests.train.fitting", str(path)],
            env=os.environ | {"KERAS_BACKEND": library, "JAX_PLATFORMS": "cpu"},
            check=True,
            capture_output=True,
        )
        with np.load(path) as arrays:
            found[library] = dict(arrays)
    return found


def test_each_library_is_the_one_that_was_asked_for(learnt):
    assert {name: str(found["library"]) for name, found in learnt.items()} == {
        "tensorflow": "tensorflow",
        "jax": "jax",
    }


def test_on_jax_the_same_is_learnt_as_on_tensorflow(learnt):
    expected, found = learnt["tensorflow"], learnt["jax"]
    np.testing.assert_allclose(found["losses"], expected["losses"], rtol=0.02)
    names = [name for name in expected if name.startswith("weight_")]
    assert len(names) == 8
    for name in names:
        # Adam divides by the size of the gradient: what is almost nothing may differ.
        assert np.abs(found[name] - expected[name]).mean() < 0.001, name


def test_something_was_learnt(learnt):
    for found in learnt.values():
        _, accuracies, _ = found["losses"].T
        assert accuracies[-1] > 2 * accuracies[0]
