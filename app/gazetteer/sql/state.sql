-- The gazetteer as it was at a version: rows that no later version touched, and what the others were before the first
-- later change.
WITH later AS (
    SELECT DISTINCT ON (id) *
    FROM gazetteer_change
    WHERE version > :version
    ORDER BY id, version, no
), place AS (
    SELECT id, name, kind, province, city, district, subdistrict, road, number, address, point, source
    FROM gazetteer_place p
    WHERE NOT EXISTS (SELECT FROM later WHERE later.id = p.id)
    UNION ALL
    SELECT id, name, kind, province, city, district, subdistrict, road, number, address, point, source
    FROM later
    WHERE was_there
)
SELECT id, name, kind, province, city, district, subdistrict, road, number, address, ST_X(point) AS lon, ST_Y(point) AS lat, source
FROM place
ORDER BY id
