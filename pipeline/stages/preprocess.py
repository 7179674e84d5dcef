"""preprocess: the raw images of three splits, checked for duplicates and leaks, become arrays of one size."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pipeline.data import dataset_report, integrity, preparation, reading, slices, splitting
from pipeline.data.integrity import Group, Item
from pipeline.data.preparation import Pool
from pipeline.data.samples import Collector, draw
from pipeline.files import paths, records
from pipeline.plots import style

if TYPE_CHECKING:
    from pipeline.params.schema import Params


def run(params: Params) -> None:
    """Write data/images, reports/dataset.json and reports/samples.png.

    Reads data.name, splits, splitting, limit, deduplicate, allow_leaks and images.height, width, channels. Identical
    images are found on the decoded pixels, before resizing. Raises DataError: unknown, empty or overlapping splits,
    undecodable images, images without a group, groups or identical images in two splits (the latter unless
    deduplicated or allowed), a class without training images.
    """
    builder = reading.open_raw(paths.RAW, params.data.name)
    wanted = {split: getattr(params.data.splits, split) for split in paths.SPLITS}
    reading.check_slices(builder.info, wanted)
    classes = reading.classes(builder.info)
    samples = Collector(len(classes))
    pools = _pools(builder, wanted, params, classes, samples)
    used = [item for pool in pools for item in pool.items if item.split]
    splitting.refuse_cut_groups(used)

    groups = integrity.duplicates(used)
    dropped = _resolve(groups, classes, params)
    kept = {split: [i for i in used if i.split == split and i.name not in dropped] for split in paths.SPLITS}
    dataset_report.require_classes(kept, classes)

    for split in paths.SPLITS:
        preparation.write(split, pools, without=dropped)
    records.write_json(paths.CLASSES, classes)
    preparation.write_splits(pools, classes, without=dropped)
    report = dataset_report.summarise(kept, classes, groups, dropped, records.read_json(paths.SKIPPED))
    records.write_json(paths.DATASET, report)
    style.save(draw(samples.chosen(without=dropped), classes), paths.SAMPLES_PICTURE)
    print("\n".join([*slices.left_out(wanted, builder.info.splits), _summary(report, kept)]))


def _pools(builder: Any, wanted: dict[str, str], params: Params, classes: list[str], samples: Collector) -> list[Pool]:
    """What is read, with the split of each image: the slices, or the source's splits that they are drawn from."""
    method, limit = params.data.splitting.method, params.data.limit
    if method == "slices":
        parts = {text: reading.count(builder.info, text, limit) for text in wanted.values()}
        names = {text: split for split, text in wanted.items()}
    else:
        parts = {name: splitting.count(builder.info, name, wanted, limit) for name in splitting.sources(wanted)}
        names = {name: name for name in parts}
    pools = []
    for text, count in parts.items():
        pixels = preparation.scratch(count, params.images.height, params.images.width, params.images.channels)
        items = preparation.fill(pixels, names[text], reading.examples(builder, text, count), classes, samples)
        items = splitting.grouped(items, params.data.splitting.group)
        if method != "slices":
            items = splitting.drawn(items, builder.info, text, wanted, params.data.splitting)
        pools.append(Pool(pixels, items))
    return pools


def _resolve(groups: list[Group], classes: list[str], params: Params) -> set[str]:
    """The names to leave out because of identical images. Raises DataError for leaks that nobody has allowed."""
    if params.data.deduplicate:
        return integrity.superfluous(groups)
    if not params.data.allow_leaks:
        integrity.refuse_leaks(groups, classes)
    return set()


def _summary(report: dict[str, Any], kept: dict[str, list[Item]]) -> str:
    counts = ", ".join(f"{split} {len(items):,}" for split, items in kept.items())
    duplicates = report["duplicates"]
    lines = [
        f"{len(report['classes'])} classes; images: {counts}",
        f"{duplicates['count']} groups of identical images: {duplicates['contradicting']} with contradicting labels,"
        f" {duplicates['leaking']} in more than one split; {duplicates['dropped_images']} images left out",
    ]
    there = Counter(report["classes"][item.label] for items in kept.values() for item in items)
    for split, found in report["splits"].items():
        if found["missing_classes"]:
            few = ", ".join(f"{name} ({there[name]} in all)" for name in found["missing_classes"])
            lines.append(f"{split} has no image of: {few}")
    return "\n".join([*lines, f"details: {paths.DATASET}, {paths.SAMPLES_PICTURE}"])
