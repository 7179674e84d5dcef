"""Where DVC's cache is, as its configuration says."""

from pathlib import Path

import pytest

from pipeline.identity import cache
from pipeline.process.errors import ConfigError


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's .dvc/config, where no user has one."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    (tmp_path / ".dvc").mkdir()
    return tmp_path / ".dvc/config"


def test_the_cache_is_where_the_project_says(configured: Path) -> None:
    assert cache.folder(configured.parents[1]) == configured.parent / "cache"
    configured.write_text("[cache]\n    dir = ../elsewhere\n    type = hardlink,copy\n", encoding="utf-8")
    assert cache.folder(configured.parents[1]) == configured.parent / "../elsewhere"
    assert cache.links(configured.parents[1]) == {"hardlink", "copy"}


@pytest.mark.parametrize("content", [b"dir = x\n", b"[cache\n", b"[cache]\ndir\n", b"[cache]\ndir = \xff\n"])
def test_a_configuration_that_cannot_be_read_is_named(configured: Path, content: bytes) -> None:
    configured.write_bytes(content)
    with pytest.raises(ConfigError, match=r"config: DVC cannot read its configuration \(.+\): mend or remove it"):
        cache.folder(configured.parents[1])
