-- What there is to look at: the branches' areas, or else territories, communities, orphans; all of it, one branch's or one team's.
SELECT ST_XMin(box) AS west, ST_YMin(box) AS south, ST_XMax(box) AS east, ST_YMax(box) AS north
FROM (
  SELECT coalesce(
    CASE WHEN CAST(:team_code AS text) IS NULL THEN
      (SELECT ST_Extent(geom) FROM branch_area WHERE CAST(:branch_code AS text) IS NULL OR branch_code = :branch_code)
    END,
    (
      SELECT ST_Extent(geom)
      FROM (
        SELECT team_code, geom FROM published_territory WHERE valid_from <= :on AND (valid_to IS NULL OR :on < valid_to)
      ) AS latest
      JOIN team ON team.code = latest.team_code
      WHERE (CAST(:team_code AS text) IS NULL OR team.code = :team_code)
        AND (CAST(:branch_code AS text) IS NULL OR team.branch_code = :branch_code)
    ),
    CASE WHEN CAST(:team_code AS text) IS NULL AND CAST(:branch_code AS text) IS NULL THEN (SELECT ST_Extent(geom) FROM community) END,
    CASE WHEN CAST(:team_code AS text) IS NULL AND CAST(:branch_code AS text) IS NULL THEN
      (SELECT ST_Extent(d.point) FROM orphan_case AS c JOIN decision AS d ON d.id = c.decision_id WHERE c.open)
    END
  ) AS box
) AS seen
WHERE box IS NOT NULL
