"""Province, city, branch; their teams and what each team has in its pool."""
