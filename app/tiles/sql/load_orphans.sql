-- Open orphans that have a point, one row for each policy.
SELECT
  orphan_case.id, ST_X(decision.point) AS lon, ST_Y(decision.point) AS lat,
  coalesce(decision.rung, orphan_case.state) AS kind, decision.team_code, decision.branch_code
FROM orphan_case JOIN decision ON decision.id = orphan_case.decision_id
WHERE orphan_case.open AND decision.point IS NOT NULL AND TRUE /* which */
