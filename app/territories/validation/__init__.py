"""What is wrong with a version, how many customers it touches, and what mending it would give to whom."""
