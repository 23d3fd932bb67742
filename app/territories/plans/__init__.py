"""Versions of a branch's territories: made, submitted, approved, published on a date, taken up again."""
