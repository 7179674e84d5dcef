"""Colours that tell curves apart which are drawn beside each other: in MLflow and on pages alike."""

from pipeline.plots import style

# Okabe & Ito (2008) without yellow and black, which a white page and its text hide; neighbours differ most.
CURVES = (style.BLUE, style.ORANGE, "#009E73", "#CC79A7", style.RED, "#56B4E9")
