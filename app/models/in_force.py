"""Which territories are in force on a date, as a condition for SQL."""


def in_force(territory: str, on: str) -> str:
    """Those of the version that is in force in each branch on the date: at most one version a branch and day, by a constraint.

    `territory`: the alias of a row of the view `published_territory`, `on`: an expression of the date; both are the caller's own words.
    """
    return f"{territory}.valid_from <= {on} AND ({territory}.valid_to IS NULL OR {on} < {territory}.valid_to)"
