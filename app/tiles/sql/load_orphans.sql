-- Open orphans that have a point, one row for each policy.
SELECT
  ST_X(decision.point) AS lon, ST_Y(decision.point) AS lat,
  coalesce(decision.rung, orphan_case.state) AS kind, decision.team_code
FROM orphan_case JOIN decision ON decision.id = orphan_case.decision_id
WHERE orphan_case.open AND decision.point IS NOT NULL
  AND (CAST(:branch_codes AS text[]) IS NULL OR decision.branch_code = ANY (CAST(:branch_codes AS text[])))
  AND (CAST(:team_codes AS text[]) IS NULL OR decision.team_code = ANY (CAST(:team_codes AS text[])))
