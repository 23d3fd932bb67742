-- Points counted together: one for each bin, in units of the tile.
SELECT ST_AsMVT(drawn, :layer, 4096, 'geom')
FROM (
  SELECT ST_MakePoint(tile_x, tile_y) AS geom, props
  FROM ROWS FROM (
    unnest(CAST(:tile_x AS float8[])), unnest(CAST(:tile_y AS float8[])), jsonb_array_elements(CAST(:props AS jsonb))
  ) AS bin (tile_x, tile_y, props)
) AS drawn
