"""The trained network in use: encoded images in, class names with probabilities out."""
