-- Open orphans that have a point, counted by cells of the grid at zoom 17 (some 260 m on the map of China), rung, state and team.
-- The cell is that of EPSG:3857 computed from the degrees: ST_Transform of a million points would take ten times as long.
SELECT
  CAST(floor((ST_X(point) + 180) / 360 * 131072) AS int) AS cell_x,
  CAST(floor((1 - asinh(tan(radians(ST_Y(point)))) / pi()) / 2 * 131072) AS int) AS cell_y,
  coalesce(rung, state) AS kind, team_code, CAST(count(*) AS int) AS policies,
  avg(ST_X(point)) AS lon, avg(ST_Y(point)) AS lat
FROM orphan_case JOIN decision ON decision.id = orphan_case.decision_id
WHERE open AND abs(ST_Y(point)) < 85
  AND (CAST(:branch_codes AS text[]) IS NULL OR decision.branch_code = ANY (CAST(:branch_codes AS text[])))
  AND (CAST(:team_codes AS text[]) IS NULL OR decision.team_code = ANY (CAST(:team_codes AS text[])))
GROUP BY 1, 2, 3, 4
