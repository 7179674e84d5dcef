"""What Herbarium's speed is worth, measured against the plain way in the same run: `make bench`."""
