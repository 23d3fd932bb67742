SELECT ST_AsBinary(geom) AS shape, code, coalesce(name, code) AS name
FROM community
ORDER BY code
