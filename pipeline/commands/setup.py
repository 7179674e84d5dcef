"""What commands do first: go to the project, and have its parameters checked before anything heavy is imported."""

from collections.abc import Iterator
from contextlib import chdir, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.params.schema import Params


@contextmanager
def in_project() -> Iterator[None]:
    """Within it, the working directory is the root of the project the user stands in, found upwards.

    Also a decorator, for a command that takes no path; others resolve paths before they enter.
    """
    from pipeline.process import project

    with chdir(project.root()):
        yield


def configured() -> "Params":
    """The whole of params.yaml, and its backbone brought from MLflow."""
    from pipeline.files import paths
    from pipeline.params import config

    params = config.load()
    saved = paths.saved_backbone(params.backbone.name, params.backbone.path)
    if ":/" in params.backbone.name and saved and not saved.exists():
        from pipeline.tracking import backbone

        backbone.download(params.backbone.name, saved, params.tracking)
    return params


def prepared() -> "Params":
    """As `configured`, with TensorFlow imported after everything else has been checked."""
    from pipeline.process import quiet

    params = configured()
    quiet.start_tensorflow()
    return params
