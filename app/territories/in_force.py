"""Which territories are in force on a date, as a condition for SQL."""


def in_force(territory: str, on: str) -> str:
    """Per team the latest territory not after the date is in force (rulebook 5.5): a later one of the same team, wherever it lies, takes
    an earlier one out.

    `territory`: the alias of a row of that table, `on`: an expression of the date; both are the caller's own words.
    """
    return f"""{territory}.effective_from <= {on} AND NOT EXISTS (
        SELECT FROM territory AS later
        WHERE later.team_code = {territory}.team_code
          AND later.effective_from > {territory}.effective_from AND later.effective_from <= {on})"""
