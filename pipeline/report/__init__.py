"""The experiment as one page to read, keep and send: it follows from the files and needs nothing beside it."""
