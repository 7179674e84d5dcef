"""One image at a time asked of a served network, as requests come: our compiled call against Keras' `predict`."""

import numpy as np

from pipeline.model import assembly
from pipeline.serving.classifier import Classifier
from tests.benchmarks import http_clients
from tests.benchmarks.cases import Row, interleaved
from tests.benchmarks.setting import parameters, project

_REQUESTS = 100
_CLASSES = 10


def rows() -> list[Row]:
    """The embedded network; each request is one image, answered before the next one is asked."""
    params = parameters({"backbone": {"weights": "none"}})
    with project(params, {}):
        model = assembly.assemble(params, _CLASSES).full
    classes = [f"class {k}" for k in range(_CLASSES)]
    classifier = Classifier(model, classes)
    images = np.random.default_rng(1).integers(0, 256, (_REQUESTS, *model.input_shape[1:]), dtype=np.uint8)

    def plain() -> None:
        for image in images:
            model.predict(image[None], verbose=0)

    def ours() -> None:
        for image in images:
            classifier.predict([image])

    naive, compiled = interleaved(plain, ours)
    name = f"{_REQUESTS} images asked one at a time: {_REQUESTS / compiled:.0f} a second"
    return [Row(name, naive, compiled, naive / compiled, "≥ 5"), http_clients.row(params, model, classes)]
