"""Every touch of another library's private parts and of state a whole process shares, one module a library.

Each names the release it was seen in and the report upstream, where there is one; tests/process/compat fails when a
library no longer needs it or no longer has what it touches. The libraries are imported inside functions.
"""
