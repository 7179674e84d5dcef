"""fetch: whatever the source, its images become one TFDS directory below data/raw."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.data import corrections, digits, image_folder, reading, source_notes, table_source, tfds_source, tree
from pipeline.data.image_files import BadFile
from pipeline.files import folders, paths, records

if TYPE_CHECKING:
    from pipeline.params.data_section import Data
    from pipeline.params.schema import Params


def run(params: Params) -> None:
    """Write data/raw anew: the data set, skipped.json, and, if there are any, corrections.json and weights.json.

    Reads data.source, name, path, table, corrections, on_bad_image.
    """
    with folders.replaced(paths.RAW) as folder:
        skipped, weights = _write(folder, params.data)
        records.write_json(folder / paths.SKIPPED.name, [asdict(file) for file in skipped])
        if params.data.corrections is not None:
            records.write_json(folder / paths.CORRECTIONS.name, _corrections(folder, params.data))
        if weights:
            records.write_json(folder / paths.WEIGHTS_OF_IMAGES.name, weights)
    print(_summary(params.data, skipped))


def _write(folder: Path, data: Data) -> tuple[list[BadFile], dict[str, float]]:
    """The files left out, and how much images count in training, by name: those that do not count 1."""
    if data.source == "image_folder":
        return image_folder.write(folder, data.name, Path(data.path), data.on_bad_image), {}
    if data.source == "table":
        listed = table_source.read(Path(data.path), str(data.table))
        return table_source.write(folder, data.name, listed, data.on_bad_image), table_source.weights(listed)
    if data.source == "tfds":
        tfds_source.write(folder, data.name, Path(data.path))
    else:
        digits.write(folder, data.name)
    return [], {}


def _corrections(folder: Path, data: Data) -> dict[str, str]:
    """Checked against what was written to `folder`."""
    builder, path = reading.open_raw(folder, data.name), Path(data.path) / str(data.corrections)
    tree.require_watched(Path(data.path), path, "data.corrections")
    found = corrections.read(path, reading.classes(builder.info))
    splits = builder.info.splits
    corrections.refuse_unknown(found, (e.name for split in splits for e in reading.examples(builder, split, None)))
    return found


def _summary(data: Data, skipped: list[BadFile]) -> str:
    info = reading.open_raw(paths.RAW, data.name).info
    counts = ", ".join(f"{split} {part.num_examples:,}" for split, part in info.splits.items())
    lines = [f"{info.full_name}: {len(reading.classes(info))} classes; images: {counts}"]
    if data.source == "image_folder":
        lines += source_notes.of_folder(Path(data.path))
    if data.source == "table":
        lines += source_notes.variants(reading.classes(info))
    if skipped:
        lines.append(
            f"{len(skipped)} unreadable {'images' if len(skipped) > 1 else 'image'} left out, listed in {paths.SKIPPED}"
        )
    return "\n".join(lines)
