"""What every section of params.yaml has in common, and kinds of values that several have."""

from types import UnionType
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, lt=1)]


def _as_written(path: str) -> str:
    if path.startswith(("~", "$")):
        raise ValueError(f"found {path}; neither ~ nor a variable is expanded: write the whole path, as in /home/you/…")
    return path


Place = Annotated[str, Field(min_length=1), AfterValidator(_as_written)]


class Section(BaseModel):
    """A section of params.yaml: unknown keys are errors, values are not converted, instances are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The section that a field of this type holds, None if it holds a value."""
    choices = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return next((c for c in choices if isinstance(c, type) and issubclass(c, BaseModel)), None)
