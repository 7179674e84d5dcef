"""`python -m pipeline` is the same command line as `herbarium`."""

from pipeline.cli import main

if __name__ == "__main__":
    main()
