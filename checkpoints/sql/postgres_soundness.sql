-- The parts of a schema as (kind, name, how it is), for comparing with what the migrations make of it.

-- name: columns
SELECT 'column', c.relname || '.' || a.attname,
  format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' AND c.relnamespace = to_regnamespace(?)
WHERE a.attnum > 0 AND NOT a.attisdropped

-- name: indexes
SELECT 'index', c.relname, concat_ws(' ',
  CASE WHEN i.indisunique THEN 'unique' END, CASE WHEN i.indpred IS NOT NULL THEN 'partial' END,
  CASE WHEN NOT i.indisvalid THEN 'invalid' END,
  '(' || (SELECT string_agg(a.attname, ', ' ORDER BY n.place)
    FROM unnest(i.indkey) WITH ORDINALITY AS n (number, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = n.number) || ')')
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid AND c.relnamespace = to_regnamespace(?)

-- name: keys
SELECT CASE k.contype WHEN 'f' THEN 'reference' ELSE 'key' END,
  c.relname || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY n.place)
    FROM unnest(k.conkey) WITH ORDINALITY AS n (number, place)
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number) || ')',
  CASE k.contype WHEN 'f' THEN 'to ' || f.relname ELSE 'unique' END
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid AND c.relnamespace = to_regnamespace(?)
LEFT JOIN pg_class f ON f.oid = k.confrelid
WHERE k.contype IN ('f', 'p', 'u') AND k.convalidated

-- name: checks
SELECT 'checks of table', c.relname, count(*)::text FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid AND c.relnamespace = to_regnamespace(?)
WHERE k.contype = 'c' AND k.convalidated GROUP BY c.relname

-- name: triggers
SELECT 'trigger', c.relname || '.' || t.tgname,
  CASE WHEN t.tgenabled IN ('O', 'A') THEN 'enabled' ELSE 'disabled' END
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid AND c.relnamespace = to_regnamespace(?)
WHERE NOT t.tgisinternal

-- name: functions
SELECT 'function', proname, 'as it was made: ' || md5(prosrc) FROM pg_proc
WHERE pronamespace = to_regnamespace(?)
