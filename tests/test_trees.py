"""Folders with the same files have the same digest, and no others."""

from pathlib import Path

from pipeline.files import records
from tests import trees


def test_a_trees_digest_is_over_names_and_contents(tmp_path: Path):
    def tree(name: str, files: dict[str, str]) -> str:
        for file, text in files.items():
            records.write_text(tmp_path / name / file, text)
        return trees.digest(tmp_path / name)

    one = tree("one", {"a": "1", "b/c": "2"})
    assert tree("same", {"b/c": "2", "a": "1"}) == one
    assert len({one, tree("moved", {"a": "1", "c": "2"}), tree("changed", {"a": "1", "b/c": "3"})}) == 3
