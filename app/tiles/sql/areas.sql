-- A tile of areas that come in simplified, clipped and in units of the tile, with a second layer for their names.
-- shapes: their WKB one after another, `starts` and `lengths` where each is. What is said of them comes as one JSON array: read at
-- once, as arrays of texts are not.
SELECT
  coalesce((
    SELECT ST_AsMVT(drawn, :layer, 4096, 'geom')
    FROM (
      SELECT ST_GeomFromWKB(substring(CAST(:shapes AS bytea) FROM start FOR length)) AS geom, props
      FROM ROWS FROM (
        unnest(CAST(:starts AS int[])), unnest(CAST(:lengths AS int[])), jsonb_array_elements(CAST(:props AS jsonb))
      ) AS area (start, length, props)
    ) AS drawn
  ), '')
  || coalesce((
    SELECT ST_AsMVT(written, :layer || '_labels', 4096, 'geom')
    FROM (
      SELECT ST_MakePoint(label_x, label_y) AS geom, props
      FROM ROWS FROM (
        unnest(CAST(:label_x AS float8[])), unnest(CAST(:label_y AS float8[])), jsonb_array_elements(CAST(:label_props AS jsonb))
      ) AS label (label_x, label_y, props)
    ) AS written
  ), '')
