-- Orphans one by one: a point for each bundle, where its decision put it. Only the tile's outline is transformed, so that the
-- index on decision.point serves; the points that pass it are transformed to be drawn.
SELECT ST_AsMVT(drawn, 'orphans', 4096, 'geom')
FROM (
  SELECT
    ST_AsMVTGeom(ST_Transform(d.point, 3857), ST_TileEnvelope(:z, :x, :y), 4096, 0, false) AS geom,
    d.bundle_no, min(c.policy_no) AS policy_no, count(*) AS policies, d.rung, min(c.state) AS state, d.team_code, d.branch_code
  FROM decision AS d JOIN orphan_case AS c ON c.decision_id = d.id AND c.open
  WHERE d.point && ST_Transform(ST_TileEnvelope(:z, :x, :y), 4490)
    AND (CAST(:branch_codes AS text[]) IS NULL OR d.branch_code = ANY (CAST(:branch_codes AS text[])))
    AND (CAST(:team_codes AS text[]) IS NULL OR d.team_code = ANY (CAST(:team_codes AS text[])))
  GROUP BY d.id
  ORDER BY d.id
) AS drawn
WHERE geom IS NOT NULL
