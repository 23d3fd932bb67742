-- The box of a plan's territories, or of one team's in it; no row if there is none.
SELECT ST_XMin(box) AS west, ST_YMin(box) AS south, ST_XMax(box) AS east, ST_YMax(box) AS north
FROM (
  SELECT ST_Extent(shape.geom) AS box
  FROM territory AS t JOIN territory_shape AS shape ON shape.id = t.shape_id
  WHERE t.plan_id = :plan AND (CAST(:team_code AS text) IS NULL OR t.team_code = :team_code)
) AS seen
WHERE box IS NOT NULL
