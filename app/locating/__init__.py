"""Where addresses are: the process's geocoder, and the locations it gives to stored addresses."""
