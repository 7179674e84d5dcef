"""preprocess: the raw images of three splits, checked for duplicates and leaks, become arrays of one size."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pipeline.data import (
    corrections,
    dataset_report,
    integrity,
    near_duplicates,
    preparation,
    reading,
    slices,
    splitting,
)
from pipeline.data.corrections import DROP
from pipeline.data.integrity import Group, Item
from pipeline.data.near_duplicates import Pair
from pipeline.data.pixels import Pixels, require_space
from pipeline.data.preparation import Pool
from pipeline.data.samples import Collector, draw
from pipeline.files import paths, records
from pipeline.plots import style
from pipeline.process import limits, verbosity

if TYPE_CHECKING:
    from pipeline.params.schema import Params


def run(params: Params) -> None:
    """Write data/images, reports/dataset.json and reports/samples.png.

    Reads data.name, splits, splitting, limit, deduplicate, allow_leaks, near_duplicates and images.height, width,
    channels. Identical images, and near-duplicates if asked for, are found on the decoded pixels, before resizing.
    Raises DataError: unknown, empty or overlapping splits, undecodable images, images without a group, groups,
    identical images or near-duplicates in two splits (as far as not deduplicated or allowed), a class without training
    images.
    """
    builder = reading.open_raw(paths.RAW, params.data.name)
    wanted = {split: getattr(params.data.splits, split) for split in paths.SPLITS}
    reading.check_slices(builder.info, wanted)
    classes = reading.classes(builder.info)
    samples = Collector(len(classes))
    pools, corrected = _pools(builder, wanted, params, classes, samples)
    pairs = _near_duplicates(pools, params)
    together = _joined(pools, pairs, params)
    pools = splitting.drawn_all(pools, builder.info, wanted, params.data.splitting, together, params.data.limit)
    used = [item for pool in pools for item in pool.items if item.split]
    splitting.refuse_cut_groups(used)

    groups = integrity.duplicates(used)
    dropped = _resolve(groups, classes, params)
    kept = {split: [i for i in used if i.split == split and i.name not in dropped] for split in paths.SPLITS}
    dataset_report.require_classes(kept, classes)
    near = None if pairs is None else near_duplicates.among(pairs, [item for items in kept.values() for item in items])
    if near and params.data.near_duplicates in ("error", "together"):
        near_duplicates.refuse_leaks(near, classes)

    weights = records.read_json(paths.WEIGHTS_OF_IMAGES) if paths.WEIGHTS_OF_IMAGES.exists() else None
    if weights:
        dataset_report.require_weights(kept["train"], weights, classes)
    for split in paths.SPLITS:
        preparation.write(split, pools, dropped, weights)
    records.write_json(paths.CLASSES, classes)
    preparation.write_splits(pools, classes, without=dropped)
    report = dataset_report.summarise(kept, classes, groups, dropped, records.read_json(paths.SKIPPED))
    if near is not None:
        report["near_duplicates"] = dataset_report.near_duplicates(near, classes)
    if weights:
        report["weights"] = dataset_report.weights(kept["train"], weights)
    if in_force := corrections.in_force():
        report["corrections"] = dataset_report.corrections(in_force)
    records.write_json(paths.DATASET, report)
    style.save(draw(samples.chosen(without={*dropped, *corrected}), classes), paths.SAMPLES_PICTURE)
    print("\n".join([*slices.left_out(wanted, builder.info.splits), _summary(report, kept)]))


def _pools(
    builder: Any, wanted: dict[str, str], params: Params, classes: list[str], samples: Collector
) -> tuple[list[Pool], dict[str, str]]:
    """What is read: the slices, each image in its split, or the source's splits that images are drawn from.

    And name → correction of what was corrected when all had been read, for it is of copies, too.
    """
    limit, shape = params.data.limit, (params.images.height, params.images.width, params.images.channels)
    if params.data.splitting.method == "slices":
        parts = {split: (text, reading.count(builder.info, text, limit)) for split, text in wanted.items()}
    else:
        sources = splitting.sources(wanted)
        parts = {name: (name, splitting.count(builder.info, name, wanted, limit)) for name in sources}
    corrected, pools = corrections.in_force(), []
    copied = params.data.splitting.method != "slices" or params.data.deduplicate or DROP in corrected.values()
    needed = require_space(sum(int(count) for _, count in parts.values()), shape, copied)
    verbosity.say(f"preprocess: prepared images take {limits.size(needed)} of the disk")
    for name, (text, count) in parts.items():
        pixels = Pixels(count, *shape)
        read = reading.examples(builder, text, count)
        examples = read if params.data.deduplicate else corrections.applied(read, corrected, classes)
        looks = params.data.near_duplicates != "ignore"
        items = preparation.fill(pixels, name, examples, classes, samples, looks)
        pools.append(Pool(pixels, items))
    later = {}
    if corrected and params.data.deduplicate:
        later = corrections.of_copies([item for pool in pools for item in pool.items], corrected)
        pools = [preparation.corrected(pool, later, classes) for pool in pools]
    return splitting.grouped(pools, params.data.splitting.group), later


def _near_duplicates(pools: list[Pool], params: Params) -> list[Pair] | None:
    """Among all that was read; None if nobody asks."""
    if params.data.near_duplicates == "ignore":
        return None
    return near_duplicates.pairs([item for pool in pools for item in pool.items])


def _joined(pools: list[Pool], pairs: list[Pair] | None, params: Params) -> list[tuple[str, str]]:
    """The names of images that must not be drawn apart: copies, whatever groups they are in.

    `slices` draw nothing. `stable` can join no groups: by one more copy, those of images that were there might move.
    """
    if params.data.splitting.method in ("slices", "stable"):
        return []
    identical = integrity.same(item for pool in pools for item in pool.items)
    same = [(group[0].name, item.name) for group in identical for item in group[1:]]
    near = (pairs or ()) if params.data.near_duplicates == "together" else ()
    return same + [(pair.first.name, pair.second.name) for pair in near]


def _resolve(groups: list[Group], classes: list[str], params: Params) -> set[str]:
    """The names to leave out because of identical images. Raises DataError for leaks that nobody has allowed."""
    if params.data.deduplicate:
        if not params.data.allow_leaks:
            integrity.refuse_joined_groups(groups, classes)
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
    if near := report.get("near_duplicates"):
        lines.append(
            f"{near['count']} pairs of near-duplicates: {near['contradicting']} with contradicting labels,"
            f" {near['leaking']} in two splits"
        )
    if weights := report.get("weights"):
        lines.append(
            f"{weights['images']:,} training images count {weights['smallest']:g} to {weights['largest']:g} times"
        )
    if corrected := report.get("corrections"):
        lines.append(f"labels corrected by a person: {corrected['labelled']:,}; left out: {corrected['dropped']:,}")
    there = Counter(report["classes"][item.label] for items in kept.values() for item in items)
    for split, found in report["splits"].items():
        if found["missing_classes"]:
            few = ", ".join(f"{name} ({there[name]} in all)" for name in found["missing_classes"])
            lines.append(f"{split} has no image of: {few}")
    return "\n".join([*lines, f"details: {paths.DATASET}, {paths.SAMPLES_PICTURE}"])
