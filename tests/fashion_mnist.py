"""Makes Fashion-MNIST's original files out of Debian's package dataset-fashion-mnist, so that no network is needed.

Debian repacked the gzip headers, so the files' SHA-256 is not the one TensorFlow Datasets lists; the compressed data
is unchanged. With the authors' header, file name and time, put back the listed SHA-256 comes out.

    python -m tests.fashion_mnist /usr/share/datasets/fashion-mnist data/originals
"""

import struct
import sys
from pathlib import Path

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
# Seconds since 1970 at which the authors (Xiao, Rasul and Vollgraf, 2017) compressed each file.
_COMPRESSED_AT = {
    "train-images-idx3-ubyte.gz": 1504176606,
    "train-labels-idx1-ubyte.gz": 1504176606,
    "t10k-images-idx3-ubyte.gz": 1504176627,
    "t10k-labels-idx1-ubyte.gz": 1504176627,
}
_BARE_HEADER_BYTES = 10


def restore_originals(debian_folder: Path, out_folder: Path) -> list[Path]:
    """Write the four original files to `out_folder` and return their paths. Raises FileNotFoundError, ValueError."""
    out_folder.mkdir(parents=True, exist_ok=True)
    restored = []
    for name, compressed_at in _COMPRESSED_AT.items():
        packed = (debian_folder / name).read_bytes()
        if packed[:4] != b"\x1f\x8b\x08\x00":
            raise ValueError(f"{debian_folder / name}: not a gzip file with a bare header, as Debian's are")
        restored.append(out_folder / name)
        restored[-1].write_bytes(_header(name, compressed_at) + packed[_BARE_HEADER_BYTES:])
    return restored


def _header(name: str, compressed_at: int) -> bytes:
    """RFC 1952: magic, deflate, file name present; time; no extra flags, Unix; the name without .gz, ending in 0."""
    file_name = name.removesuffix(".gz").encode() + b"\0"
    return b"\x1f\x8b\x08\x08" + struct.pack("<I", compressed_at) + b"\0\x03" + file_name


if __name__ == "__main__":
    for path in restore_originals(Path(sys.argv[1]), Path(sys.argv[2])):
        print(path)
