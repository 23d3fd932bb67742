"""The areas that teams own, and who owns a place on a date."""
