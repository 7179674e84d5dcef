"""What may be shown of addresses: the URIs of stores and databases carry passwords and tokens."""

import re

_CREDENTIALS = re.compile(r"(\w:?//)\S*@")  # whatever the password consists of, and if the URI is misspelt
_QUERY = re.compile(r"(\w://[^?\s]*)\?\S*")
_SECRET = re.compile(r"\w://[^\s/@]*:\S*@|[?&](password|passwd|pwd|token|secret|api_?key)=", re.IGNORECASE)


def redacted(text: str) -> str:
    """`text` with the credentials and queries of every URI in it left out: fit to be printed and stored."""
    return _QUERY.sub(r"\1", _CREDENTIALS.sub(r"\1", text))


def holds_secret(uri: str) -> bool:
    """True if a URI has a password in front of its host, or a secret in its query."""
    return bool(_SECRET.search(uri))
