"""The review room: experiments on file, and a verdict for every claim."""
