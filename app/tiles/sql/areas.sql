-- A tile of areas that come in as arrays, already simplified for its zoom and in EPSG:3857, with a second layer for their names.
-- numbers, shapes, props: one entry for each area that may be seen; label_*: one for each whose name is written in this tile.
WITH tile AS (SELECT ST_TileEnvelope(:z, :x, :y) AS envelope)
SELECT
  coalesce((
    SELECT ST_AsMVT(drawn, :layer, 4096, 'geom')
    FROM (
      SELECT ST_AsMVTGeom(ST_GeomFromWKB(shape, 3857), envelope, 4096, 128, true) AS geom, props
      FROM tile, unnest(CAST(:shapes AS bytea[]), CAST(:props AS jsonb[])) AS area (shape, props)
    ) AS drawn
    WHERE geom IS NOT NULL
  ), '')
  || coalesce((
    SELECT ST_AsMVT(written, :layer || '_labels', 4096, 'geom')
    FROM (
      SELECT ST_AsMVTGeom(ST_SetSRID(ST_MakePoint(label_x, label_y), 3857), envelope, 4096, 0, false) AS geom, props
      FROM tile,
        unnest(CAST(:label_x AS float8[]), CAST(:label_y AS float8[]), CAST(:label_props AS jsonb[])) AS label (label_x, label_y, props)
    ) AS written
    WHERE geom IS NOT NULL
  ), '')
