"""What decides the bits of a result, and the name it gets from that."""
