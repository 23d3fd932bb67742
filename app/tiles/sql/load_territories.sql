-- The territory of each team in the versions that are in force on a date.
SELECT
  latest.shape_id, latest.team_code, team.name, team.branch_code, team.force,
  CAST(latest.effective_from AS text) AS effective_from, coalesce(team.ended_on <= :on, false) AS ended
FROM published_territory AS latest JOIN team ON team.code = latest.team_code
WHERE latest.valid_from <= :on AND (latest.valid_to IS NULL OR :on < latest.valid_to)
ORDER BY latest.team_code
