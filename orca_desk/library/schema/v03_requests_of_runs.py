"""The requests of runs, and evaluations' names.

The requests of runs and the names of evaluations were in the settings, where two jobs could overwrite each
other's.
"""

SCRIPT = """
ALTER TABLE runs ADD COLUMN request TEXT;
ALTER TABLE evaluations ADD COLUMN name TEXT NOT NULL DEFAULT '';
DELETE FROM settings
WHERE (key LIKE 'desktop.start.%' OR key = 'evaluations.names')
  AND CASE WHEN json_valid(value) THEN json_type(value) <> 'object' ELSE 1 END;
UPDATE runs SET request = (
  SELECT json_remove(value, '$.run') FROM settings
  WHERE key = 'desktop.start.' || runs.kind AND runs.id = coalesce(json_extract(value, '$.run'), (
    SELECT newest.id FROM runs AS newest WHERE newest.kind = runs.kind ORDER BY newest.n DESC LIMIT 1)))
WHERE kind IN ('generate', 'probe');
UPDATE runs SET request = (
  SELECT json_remove(json_set(value, '$.candidates', json_extract(value, '$.arms')), '$.arms') FROM settings
  WHERE key = 'desktop.start.evaluate')
WHERE n = (SELECT max(n) FROM runs WHERE kind = 'evaluate');
UPDATE runs SET request = (SELECT value FROM settings WHERE key = 'desktop.start.train')
WHERE n = (SELECT max(n) FROM runs WHERE kind = 'train');
UPDATE evaluations SET name = coalesce((
  SELECT json_extract(value, '$."' || evaluations.id || '"') FROM settings
  WHERE key = 'evaluations.names'), '');
DELETE FROM settings WHERE key IN ('desktop.start.generate', 'desktop.start.probe', 'desktop.start.evaluate',
  'desktop.start.train', 'evaluations.names');
"""
