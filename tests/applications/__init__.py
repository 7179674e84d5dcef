"""Every network of keras.applications, built, cut, trained for a step and saved: the table of docs/backbones.md."""
