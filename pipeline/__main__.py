"""`python -m pipeline` is the same command line as `herbarium`."""

from pipeline.cli import begin

if __name__ == "__main__":
    begin()
