"""The network: backbones, the cut at the freeze boundary, heads, training."""
