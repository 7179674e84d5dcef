"""The list that `herbarium labels` writes, a person fills in and fetch reads: the columns that it has."""

NAME, CORRECTION = "name", "correction"  # of these two it is made, if by hand
COLUMNS = (NAME, "split", "label", "suggested", "probability", CORRECTION)
