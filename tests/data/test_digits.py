"""The embedded scans."""

import numpy as np
from sklearn.datasets import load_digits

from pipeline.data import digits, images


def test_all_scans_are_written_with_their_labels_and_no_two_alike(tmp_path, read):
    digits.write(tmp_path, "digits")
    scans, labels = load_digits(return_X_y=True)
    found = read(tmp_path, "digits")
    assert len({example.image for example in found}) == len(found) == 1797
    for example in found[::200]:
        i = int(example.name.removeprefix("digit-"))
        assert example.label == labels[i]
        pixels = images.decode(example.image, channels=1)
        np.testing.assert_array_equal(pixels[..., 0], np.round(scans[i].reshape(8, 8) * 255 / 16))
    tenth = [example.label for example in found[:180]]
    assert set(tenth) == set(range(10))  # shuffled: scikit-learn has them by writer
