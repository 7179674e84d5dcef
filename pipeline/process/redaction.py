"""What may be shown of addresses: the URIs of stores and databases carry passwords and tokens."""

import re

_CREDENTIALS = re.compile(r"(\w:?//)\S*@")  # whatever the password consists of, and if the URI is misspelt
# Libraries take an address apart before they complain: user and password then stand there without their protocol.
_BARE = re.compile(r"(?<![\w/:])[^\s/@:'\"]+:(?!/)\S*@")
_QUERY = re.compile(r"(\w://[^?\s]*)\?\S*")
_SECRET = re.compile(r"\w://[^\s/@]*:\S*@|[?&](password|passwd|pwd|token|secret|api_?key)=", re.IGNORECASE)


def redacted(text: str) -> str:
    """`text` with the credentials and queries of every URI in it left out: fit to be printed and stored.

    It is read as text: SQLAlchemy's `make_url` takes one URI, and none that is misspelt or part of a sentence.
    """
    return _QUERY.sub(r"\1", _BARE.sub("", _CREDENTIALS.sub(r"\1", text)))


def holds_secret(uri: str) -> bool:
    """True if a URI has a password in front of its host, or a secret in its query."""
    return bool(_SECRET.search(uri))
