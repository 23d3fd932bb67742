"""What became of the orphans, counted."""
