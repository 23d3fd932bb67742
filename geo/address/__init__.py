"""Chinese addresses: folding, divisions, roads and numbers, over whole columns."""
