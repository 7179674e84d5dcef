"""What may be shown of addresses: the URIs of stores and databases carry passwords and tokens."""

import re

# Whatever the password consists of, and if the URI is misspelt. SQLAlchemy takes and writes blanks in it: then it ends
# at the first @ in a sentence, which may go on, and at the last where a text begins with the URI. A port is none.
_WHOLE = re.compile(r"\A(\w[\w+.-]*:?//)(?!\S*@)[^\s/@:\[]*:(?!\d+\b)[^\n]*@")
_CREDENTIALS = re.compile(r"(\w:?//)(?:\S*@|[^\s/@:\[]*:(?!\d+\b)[^\n@'\"]*@)")
# Libraries take an address apart before they complain: user and password then stand there without their protocol.
_BARE = re.compile(r"(?<![\w/:])[^\s/@:'\"]+:(?!/)\S*@")
_QUERY = re.compile(r"(\w://[^?\s]*)\?\S*")
_SECRET = re.compile(r"\w://[^\s/@]*:[^\n@]*@|[?&](password|passwd|pwd|token|secret|api_?key)=", re.IGNORECASE)


def redacted(text: str) -> str:
    """`text` with the credentials and queries of every URI in it left out: fit to be printed and stored.

    It is read as text: SQLAlchemy's `make_url` takes one URI, and none that is misspelt or part of a sentence.
    """
    without = _CREDENTIALS.sub(r"\1", _WHOLE.sub(r"\1", text))
    return _QUERY.sub(r"\1", _BARE.sub("", without))


def holds_secret(uri: str) -> bool:
    """True if a URI has a password in front of its host, or a secret in its query."""
    return bool(_SECRET.search(uri))
