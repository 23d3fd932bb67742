-- One number per layer that changes whenever its content does. A row version is known by its xmin, which every INSERT and
-- UPDATE sets, whoever makes it; the sum of hashes does not depend on their order, the count notices a DELETE.
-- Orphans are too many for that: the newest rows, the latest runs, and PostgreSQL's own counters of changed rows.
SELECT
  (SELECT count(*) || '.' || coalesce(sum(hashint8(CAST(CAST(xmin AS text) AS bigint))), 0) FROM branch_area) AS branches,
  (SELECT count(*) || '.' || coalesce(sum(hashint8(CAST(CAST(xmin AS text) AS bigint))), 0) FROM community) AS communities,
  (SELECT count(*) || '.' || coalesce(sum(hashint8(CAST(CAST(xmin AS text) AS bigint))), 0) FROM territory_plan WHERE state = 'PUBLISHED') AS territories,
  (SELECT count(*) || '.' || coalesce(sum(hashint8(CAST(CAST(xmin AS text) AS bigint))), 0) FROM team) AS teams,
  (SELECT count(*) || '.' || coalesce(sum(hashint8(CAST(CAST(xmin AS text) AS bigint))), 0) FROM organisation) AS organisations,
  (SELECT coalesce(max(id), 0) FROM decision)
  || '.' || (SELECT coalesce(max(id), 0) FROM orphan_case)
  || '.' || (
    SELECT coalesce(sum(hashtext(concat_ws(' ', id, status, settled_at))), 0)
    FROM (SELECT id, status, settled_at FROM run ORDER BY id DESC LIMIT 200) AS latest
  )
  || '.' || (
    SELECT pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid) + pg_stat_get_tuples_deleted(oid)
    FROM pg_class WHERE oid = to_regclass('orphan_case')
  ) AS orphans
