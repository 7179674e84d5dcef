"""preprocess: the raw images of three splits, checked for duplicates and leaks, become arrays of one size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.data import dataset_report, integrity, preparation, reading, slices
from pipeline.data.integrity import Group, Item
from pipeline.data.samples import Collector, draw
from pipeline.files import paths, records
from pipeline.plots import style

if TYPE_CHECKING:
    from pipeline.params.schema import Params


def run(params: Params) -> None:
    """Write data/images, reports/dataset.json and reports/samples.png.

    Reads data.name, splits, limit, deduplicate, allow_leaks and images.height, width, channels. Identical images are
    found on the decoded pixels, before resizing. Raises DataError: unknown, empty or overlapping splits, undecodable
    images, identical images in two splits (unless deduplicated or allowed), a class without training images.
    """
    builder = reading.open_raw(paths.RAW, params.data.name)
    wanted = {split: getattr(params.data.splits, split) for split in paths.SPLITS}
    reading.check_slices(builder.info, wanted)
    classes = reading.classes(builder.info)
    samples = Collector(len(classes))
    pixels, items = {}, {}
    for split, text in wanted.items():
        count = reading.count(builder.info, text, params.data.limit)
        pixels[split] = preparation.scratch(count, params.images.height, params.images.width, params.images.channels)
        source = reading.examples(builder, text, params.data.limit)
        items[split] = preparation.fill(pixels[split], split, source, classes, samples)

    groups = integrity.duplicates(item for split in paths.SPLITS for item in items[split])
    dropped = _resolve(groups, classes, params)
    kept = {split: [item for item in items[split] if item.name not in dropped] for split in paths.SPLITS}
    dataset_report.require_classes(kept, classes)

    for split in paths.SPLITS:
        preparation.write(split, pixels[split], items[split], without=dropped)
    records.write_json(paths.CLASSES, classes)
    report = dataset_report.summarise(kept, classes, groups, dropped, records.read_json(paths.SKIPPED))
    records.write_json(paths.DATASET, report)
    style.save(draw(samples.chosen(without=dropped), classes), paths.SAMPLES_PICTURE)
    print("\n".join([*slices.left_out(wanted, builder.info.splits), _summary(report, kept)]))


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
    for split, items in report["splits"].items():
        if items["missing_classes"]:
            lines.append(f"{split} has no image of: {', '.join(items['missing_classes'])}")
    return "\n".join([*lines, f"details: {paths.DATASET}, {paths.SAMPLES_PICTURE}"])
