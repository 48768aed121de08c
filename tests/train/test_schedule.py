from __future__ import annotations

import numpy as np
import pytest

from train.schedule import OneCycle


def test_the_rate_rises_and_falls():
    rate = OneCycle(0.003, 1000, 0.04, 0.005)
    rates = [float(rate(step)) for step in range(1001)]
    assert rates[0] == 0
    assert 38 <= int(np.argmax(rates)) <= 40
    assert 0.0029 < max(rates) <= 0.003
    assert rates[-1] == pytest.approx(0.003 * 0.005, rel=1e-3)
    assert OneCycle(**rate.get_config())(500) == rate(500)
