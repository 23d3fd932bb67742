-- The territory of each team on a date: the latest that is not after it replaces the earlier ones.
SELECT
  ST_AsBinary(latest.geom) AS shape, latest.team_code, team.name, team.branch_code, team.force,
  CAST(latest.effective_from AS text) AS effective_from, coalesce(team.ended_on <= :on, false) AS ended
FROM (
  SELECT DISTINCT ON (team_code) team_code, effective_from, geom
  FROM territory
  WHERE effective_from <= :on
  ORDER BY team_code, effective_from DESC
) AS latest
JOIN team ON team.code = latest.team_code
ORDER BY latest.team_code
