-- Orphans one by one: a point for each bundle, where its decision put it, in units of the tile. The formulas are those of EPSG:3857
-- (app.tiles.grid): ST_Transform would cost each connection a fifth of a second at its first use. Only the tile's outline is turned into
-- degrees, so that the index on decision.point serves.
SELECT ST_AsMVT(drawn, 'orphans', 4096, 'geom')
FROM (
  SELECT
    ST_MakePoint(round(place.x), round(place.y)) AS geom,
    d.bundle_no, min(c.policy_no) AS policy_no, count(*) AS policies, d.rung, min(c.state) AS state, d.team_code, d.branch_code
  FROM decision AS d
  JOIN orphan_case AS c ON c.decision_id = d.id AND c.open
  CROSS JOIN LATERAL (
    SELECT
      (radians(ST_X(d.point)) * CAST(:radius AS float8) - CAST(:west AS float8)) / CAST(:unit AS float8) AS x,
      (CAST(:north AS float8) - asinh(tan(radians(ST_Y(d.point)))) * CAST(:radius AS float8)) / CAST(:unit AS float8) AS y
  ) AS place
  WHERE d.point && ST_MakeEnvelope(:lon_from, :lat_from, :lon_to, :lat_to, 4490)
    AND place.x >= 0 AND place.x < 4096 AND place.y >= 0 AND place.y < 4096
    AND (CAST(:branch_codes AS text[]) IS NULL OR d.branch_code = ANY (CAST(:branch_codes AS text[])))
    AND (CAST(:team_codes AS text[]) IS NULL OR d.team_code = ANY (CAST(:team_codes AS text[])))
  GROUP BY d.id, place.x, place.y
  ORDER BY d.id
) AS drawn
