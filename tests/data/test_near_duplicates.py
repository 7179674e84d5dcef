"""Near-duplicates: copies of many kinds are found, and next to nothing else."""

import dataclasses
import os
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.data import looks, near_candidates, near_duplicates
from pipeline.data.integrity import Item
from pipeline.process import limits
from pipeline.process.errors import DataError
from tests.data import every_pair
from tests.data.copies import KINDS

PHOTOGRAPHS = os.environ.get("HERBARIUM_TEST_IMAGES")


def item(name: str, picture: Image.Image | np.ndarray, split: str = "train", label: int = 0) -> Item:
    pixels = np.asarray(picture.convert("RGB") if isinstance(picture, Image.Image) else picture)
    return Item(split, name, label, sha256=name, look=looks.look(pixels))


def made_up(seed: int, side: int = 96) -> Image.Image:
    """Blots of many sizes in colours, as no other seed has them."""
    draw = np.random.default_rng(seed)
    picture = np.zeros((side, side, 3))
    for cells, strength in ((3, 60), (6, 40), (12, 25), (24, 12)):
        blots = Image.fromarray(draw.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        picture += (np.asarray(blots.resize((side, side), Image.Resampling.BICUBIC), float) - 128) * strength / 100
    return Image.fromarray((picture + 128).clip(0, 255).astype(np.uint8))


def measured(originals: dict[str, Image.Image]) -> tuple[dict[str, float], list[tuple[str, str]]]:
    """Recall by kind of copy, and the pairs found that are none, when each original has one copy of each kind."""
    draw = random.Random(1)
    items, sources = [], {}
    for name, picture in originals.items():
        for kind, picture_of in {"": None, **KINDS}.items():
            copy = picture_of(picture, draw) if picture_of else picture
            items.append(item(f"{name} {kind}".strip(), copy))
            sources[items[-1].name] = name
    found = {(pair.first.name, pair.second.name) for pair in near_duplicates.pairs(items)}
    recall = {kind: len({(n, f"{n} {kind}") for n in originals} & found) / len(originals) for kind in KINDS}
    return recall, [pair for pair in sorted(found) if sources[pair[0]] != sources[pair[1]]]


def test_copies_of_made_up_pictures_are_found_and_nothing_else():
    recall, wrong = measured({f"{seed:02}": made_up(seed) for seed in range(40)})
    assert wrong == []
    assert min(recall.values()) >= 0.95


@pytest.mark.skipif(not PHOTOGRAPHS, reason="HERBARIUM_TEST_IMAGES names no folder")
def test_copies_of_photographs_are_found_and_little_else(capsys):
    files = sorted(Path(str(PHOTOGRAPHS)).rglob("*.jpg"))[::20]
    recall, wrong = measured({str(n): _opened(file) for n, file in enumerate(files)})
    found = sum(round(share * len(files)) for share in recall.values())
    precision = found / (found + len(wrong))
    with capsys.disabled():
        print(f"\nnear-duplicates of {len(files)} photographs: recall {recall}, precision {precision:.4f}")
    assert min(recall.values()) >= 0.9
    assert np.mean(list(recall.values())) >= 0.95
    assert precision >= 0.95


def with_copies(originals: list[Image.Image]) -> list[Item]:
    """Each with a copy of one kind, and the first three once more as they are."""
    draw = random.Random(2)
    copies = [kind(one, draw) for one, kind in zip(originals, 1000 * list(KINDS.values()), strict=False)]
    several = [item(f"{n:04}", picture) for n, picture in enumerate([*originals, *copies])]
    return several + [dataclasses.replace(one, name=f"{one.name} again") for one in several[:3]]


def told(items: list[Item]) -> list[tuple[str, str, float]]:
    return [(pair.first.name, pair.second.name, pair.likeness) for pair in near_duplicates.pairs(items)]


def test_the_pairs_and_likenesses_are_those_of_comparing_all_in_whole_numbers():
    items = with_copies([made_up(seed) for seed in range(40)])
    found = told(items)
    assert len(found) > 30
    assert found == every_pair.pairs(items)


@pytest.mark.slow
@pytest.mark.skipif(not PHOTOGRAPHS, reason="HERBARIUM_TEST_IMAGES names no folder")
def test_the_pairs_of_photographs_are_those_of_comparing_all_in_whole_numbers():
    items = with_copies([_opened(file) for file in sorted(Path(str(PHOTOGRAPHS)).rglob("*.jpg"))[::20]])
    found = told(items)
    assert len(found) > 150
    assert found == every_pair.pairs(items)


def test_neither_tiles_nor_threads_change_a_pair(monkeypatch):
    items = with_copies([made_up(seed) for seed in range(40)])
    found = told(items)
    for rows, columns, some, cpus in ((7, 5, 3, 1), (83, 83, 1, 3), (1, 100, 1000, 2)):
        monkeypatch.setattr(near_candidates, "_ROWS", rows)
        monkeypatch.setattr(near_candidates, "_COLUMNS", columns)
        monkeypatch.setattr(near_candidates, "_SOME", some)
        monkeypatch.setattr(limits, "cpus", lambda cpus=cpus: cpus)
        assert told(items) == found


def test_the_bound_is_never_below_what_it_stands_for():
    seen = np.stack([np.frombuffer(item.look, np.uint8).reshape(32, 32) for item in with_copies([made_up(1)])])
    noise = np.random.default_rng(0).integers(0, 256, (200, 32, 32), dtype=np.uint8)
    coarse = looks.described(np.concatenate([seen, noise]), [looks.WHOLE], [looks.WHOLE], 8).reshape(-1, 64)
    bound = near_candidates._bound(coarse)
    assert (bound @ bound.T >= coarse @ coarse.T).all()
    assert (bound * 2 == np.rint(bound * 2)).all()


def test_the_strongest_candidates_are_kept_when_there_are_many_and_it_is_said(monkeypatch, capsys):
    items = with_copies([made_up(seed) for seed in range(10)])
    small = looks.stacked([item.look for item in items])
    digests = [item.sha256 for item in items]
    every = near_candidates.candidates(small, digests)
    assert len(every) > 12
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(near_candidates, "_CANDIDATES", 0)
    monkeypatch.setattr(near_candidates, "_FREE", 8)
    monkeypatch.setattr(near_candidates, "_AT_ONCE", 100)
    kept = near_candidates.candidates(small, digests)
    assert sorted(kept["score"]) == sorted(every["score"])[-8:]
    assert "more than 8 pairs of 23 images look roughly alike" in capsys.readouterr().err


def _opened(path: Path) -> Image.Image:
    picture = Image.open(path)
    picture.draft("RGB", (200, 200))
    return picture.convert("RGB")


def test_a_pair_is_told_with_splits_labels_and_likeness():
    picture = made_up(1)
    copy = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    (pair,) = near_duplicates.pairs([item("b", picture), item("a", copy, "test", 1), item("c", made_up(2))])
    assert (pair.first.name, pair.second.name, pair.leaking) == ("a", "b", True)
    assert 0.99 < pair.likeness <= 1.001
    with pytest.raises(DataError, match=r"(?s)1 pairs .* in two splits:\n  test: a \(tulip\) ~ train: b \(rose\)\n"):
        near_duplicates.refuse_leaks([pair], ["rose", "tulip"])


def test_pairs_are_those_of_what_is_kept_in_the_splits_it_is_in():
    first, second = item("a", made_up(1)), item("b", made_up(1).resize((40, 40)))
    (pair,) = near_duplicates.pairs([first, second])
    moved = item("b", made_up(1), "test")
    assert not pair.leaking
    assert near_duplicates.among([pair], [first]) == []
    assert near_duplicates.among([pair], [first, moved])[0].leaking


def test_what_has_no_contrast_is_like_nothing_and_identical_images_are_told_elsewhere():
    grey = [item(str(level), np.full((20, 30, 3), level, np.uint8)) for level in range(0, 250, 25)]
    same = [Item("train", name, 0, "same", look=looks.look(np.asarray(made_up(3)))) for name in "xy"]
    assert near_duplicates.pairs([*grey, *same]) == []
    assert near_duplicates.pairs([]) == []


def test_images_of_one_kind_are_refused_and_not_listed():
    one = np.asarray(made_up(1), np.int16)
    noise = np.random.default_rng(0)
    alike = [item(str(n), (one + noise.integers(-3, 4, one.shape)).clip(0, 255).astype(np.uint8)) for n in range(80)]
    with pytest.raises(DataError, match=r"pairs of 80 images look alike, so that nothing follows.*ignore"):
        near_duplicates.pairs(alike)


def test_no_order_of_summation_can_change_a_bit():
    small = looks.stacked([looks.look(np.asarray(made_up(seed))) for seed in range(6)])
    for cells, cut in ((8, (4, 32)), (16, (3, 29))):
        vectors = looks.described(small, [cut], [looks.WHOLE], cells).reshape(6, -1)
        whole = vectors.astype(np.int64)
        assert (vectors == whole).all()
        assert (np.abs(whole) @ np.abs(whole).T < 2**24).all()
        assert (vectors @ vectors.T == whole @ whole.T).all()


def test_a_part_is_described_as_its_pixels_are_averaged():
    ramp = np.tile(np.arange(32, dtype=np.uint8) * 4, (32, 1))
    described = looks.described(ramp, [looks.WHOLE], [(8, 24)], 8).reshape(8, 8)
    expected = np.tile(np.arange(8) - 3.5, (8, 1))
    np.testing.assert_allclose(described, 1000 * expected / np.linalg.norm(expected), atol=0.5)
