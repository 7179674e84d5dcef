"""The default experiment as one plain Keras script, from import to picture: what `dvc repro` is measured against."""

import sys
from pathlib import Path

import keras
import numpy as np
from matplotlib import pyplot
from PIL import Image
from sklearn.datasets import load_digits

SIDE, EPOCHS, BATCH, CLASSES = 28, 20, 32, 10


def main(weights: Path, picture: Path) -> None:
    scans, labels = load_digits(return_X_y=True)
    pixels = np.round(scans.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    images = np.stack([np.asarray(Image.fromarray(scan).resize((SIDE, SIDE))) for scan in pixels])[..., None]
    train, validation, test = np.split(np.random.default_rng(1).permutation(len(images)), [1438, 1617])
    base = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(32, 3, padding="same", activation="relu", name="conv1", trainable=False),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3, padding="same", activation="relu", name="conv3"),
            keras.layers.MaxPooling2D(),
        ]
    )
    base.load_weights(weights)
    head = [
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(CLASSES, activation="softmax"),
    ]
    model = keras.Sequential([base, *head])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    seen = images[validation], labels[validation]
    fitted = model.fit(images[train], labels[train], BATCH, EPOCHS, verbose=0, validation_data=seen)
    print(model.evaluate(images[test], labels[test], verbose=0))
    pyplot.plot(fitted.history["accuracy"])
    pyplot.plot(fitted.history["val_accuracy"])
    pyplot.savefig(picture)
    model.save(picture.with_suffix(".keras"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
