"""What the application as a whole refuses."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from protocol.errors import InvalidFloorError, UsageError
from tests.graph.harbour_app import dump, opened


@pytest.mark.parametrize("settings", [{"model": "large"}, {"topology": "star"}])
async def test_settings_of_later_versions_are_refused_before_anything_is_written(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    data = tmp_path / "data"
    with pytest.raises(InvalidFloorError) as refused:
        async with opened(data, **settings):
            pass
    assert refused.value.error_code == "bad_settings"
    assert not data.exists()


async def test_clock_of_the_system_is_moved_by_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        system = app.world.config.model_copy(update={"clock": "system"})
        elsewhere = replace(app, world=replace(app.world, config=system))
        before = await dump(app)
        with pytest.raises(UsageError) as refused:
            await elsewhere.wait(60)
        assert refused.value.error_code == "system_clock"
        assert await dump(app) == before
