-- The territories of a version of a plan; `on`: the day by which a team has ended.
SELECT
  t.shape_id, t.team_code, team.name, team.branch_code, team.force,
  CAST(t.since AS text) AS effective_from, coalesce(team.ended_on <= :on, false) AS ended
FROM territory AS t JOIN team ON team.code = t.team_code
WHERE t.plan_id = :plan AND t.shape_id IS NOT NULL
ORDER BY t.team_code
