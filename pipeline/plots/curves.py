"""Loss and accuracy by epoch: did it learn, when was it best, and when did it begin to memorise?"""

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.plots import style
from pipeline.results.history import Epoch
from pipeline.results.reading_of_curves import overfitting_onset


@style.styled()
def curves(epochs: list[Epoch], kept: int | None) -> Figure:
    """Accuracy and loss, training and validation, of epochs 0 … E (E >= 1); epoch 0 is the network before training.

    Marked: the epoch whose network was `kept`, if any was, and, shaded, `overfitting_onset` to the end.
    """
    figure, axes = style.figure(11, 4.4, columns=2)
    accuracy, loss = axes[0]
    accuracy.set_title("Accuracy")
    style.percent_axis(accuracy.yaxis)
    loss.set_title("Loss (cross-entropy, nats)")
    _draw(accuracy, epochs, kept, "accuracy", lambda value: f"{value:.1%}".replace("%", " %"))
    _draw(loss, epochs, kept, "loss", lambda value: f"{value:.3g}")
    loss.set_ylim(0, 1.06 * loss.dataLim.y1)
    figure.legend(*accuracy.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def _draw(
    axes: Any, epochs: list[Epoch], kept: int | None, figure_of_merit: str, shown: Callable[[float], str]
) -> None:
    numbers = [e.epoch for e in epochs]
    training = [getattr(e, f"train_{figure_of_merit}") for e in epochs]
    validation = [getattr(e, f"validation_{figure_of_merit}") for e in epochs]
    axes.plot(numbers, training, color=style.ORANGE, linestyle=(0, (4, 1.5)), label="training")
    axes.plot(numbers, validation, color=style.BLUE, label="validation")
    axes.plot(
        [0, 0], [training[0], validation[0]], "o", color="white", mec=style.GREY, mew=1.6, label="before training"
    )
    for epoch in (epoch for epoch in epochs if epoch.epoch == kept):
        _mark_kept(axes, epoch, f"validation_{figure_of_merit}", shown, last=numbers[-1])
    onset = overfitting_onset(epochs)
    if onset is not None:
        axes.axvspan(
            onset, numbers[-1], color=style.RED, alpha=0.09, linewidth=0, label=f"overfitting from epoch {onset}"
        )
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(-0.03 * numbers[-1], 1.03 * numbers[-1])


def _mark_kept(axes: Any, kept: Epoch, column: str, shown: Callable[[float], str], last: int) -> None:
    value = getattr(kept, column)
    axes.axvline(kept.epoch, color=style.BLUE, linewidth=1, linestyle=":")
    axes.plot(kept.epoch, value, "o", color=style.BLUE, markersize=8, label=f"kept: epoch {kept.epoch}")
    on_the_right = kept.epoch > 0.75 * last
    axes.annotate(
        shown(value),
        (kept.epoch, value),
        xytext=(-8 if on_the_right else 8, -22 if column.endswith("accuracy") else 12),
        textcoords="offset points",
        ha="right" if on_the_right else "left",
        color=style.BLUE,
        weight="bold",
        bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1},
    )
