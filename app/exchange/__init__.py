"""Files in and out: the interchange folder, and the census that proves that nothing of it is lost."""
