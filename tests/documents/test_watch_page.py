"""The page on the watch names every alert, threshold and default there is, and no other."""

import re

from protocol.anomalies import Anomaly
from protocol.floor import Limits, Thresholds
from tests.architecture.sources import ROOT

PAGE = (ROOT / "docs" / "reference" / "watch.md").read_text("utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| [^|]+ \| `(\w+)` \| (\d+) \|", PAGE, re.MULTILINE)


def test_every_alert_has_its_row() -> None:
    assert [name for name, _, _ in ROWS] == list(Anomaly)


def test_every_threshold_is_told_with_its_default() -> None:
    told = {threshold: int(default) for _, threshold, default in ROWS}
    told |= {name: int(n) for name, n in re.findall(r"`(window_turns|min_calls)` \((\d+)\)", PAGE)}
    assert told == Thresholds().model_dump()


def test_depth_is_watched_before_it_is_stopped() -> None:
    assert Thresholds().causal_depth < Limits().causal_depth
    assert f"the limit of a case is {Limits().causal_depth}" in PAGE
