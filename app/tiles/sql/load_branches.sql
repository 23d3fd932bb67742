SELECT ST_AsBinary(area.geom) AS shape, area.branch_code, organisation.name
FROM branch_area AS area JOIN organisation ON organisation.code = area.branch_code
ORDER BY area.branch_code
