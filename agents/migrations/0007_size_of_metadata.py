"""The database refuses metadata whose numbers are larger than the core and the API take."""

from assay.core.privacy import BLOCKED
from django.db import migrations

TERM = f"({'|'.join(BLOCKED)})s?"
# What holds the last word of no term holds no term, however it is cut into words.
LAST_WORDS = "|".join(sorted({term.rpartition("_")[2] for term in BLOCKED}))
WALL = f"""
CREATE OR REPLACE FUNCTION agents_is_metadata(metadata jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    entry record;
    words text;
    kind text;
BEGIN
    -- Nearly all there is, whose numbers have too few digits to be too large: a third of the time that it takes to look
    -- at each key and value.
    IF octet_length(metadata::text) <= 100 AND metadata::text !~* '{LAST_WORDS}' AND metadata::text ~
        '^\\{{(?:"[A-Za-z0-9._:/@+-]+": (?:"[A-Za-z0-9._:/@+-]+"|-?[0-9]{{1,15}}(?:\\.[0-9]+)?|true|false|null)(?:, )?)*\\}}$'
    THEN
        RETURN true;
    END IF;
    IF jsonb_typeof(metadata) <> 'object' THEN
        RETURN false;
    END IF;
    FOR entry IN SELECT key, value FROM jsonb_each(metadata) LOOP
        IF entry.key ~ '[^A-Za-z0-9._:/@+-]' OR octet_length(entry.key) NOT BETWEEN 1 AND 100 THEN
            RETURN false;
        END IF;
        words := regexp_replace(entry.key, '([a-z])([A-Z])', '\\1_\\2', 'g');
        words := regexp_replace(words, '([A-Z])([A-Z][a-z])', '\\1_\\2', 'g');
        words := regexp_replace(words, '([A-Za-z])([0-9])', '\\1_\\2', 'g');
        words := regexp_replace(words, '([0-9])([A-Za-z])', '\\1_\\2', 'g');
        words := lower(trim(BOTH '_' FROM regexp_replace(words, '[^A-Za-z0-9]+', '_', 'g')));
        IF words ~ '(^|_){TERM}$' THEN
            RETURN false;
        END IF;
        kind := jsonb_typeof(entry.value);
        IF kind IN ('object', 'array') THEN
            RETURN false;
        ELSIF words ~ '^{TERM}_' AND kind NOT IN ('number', 'boolean') THEN
            RETURN false;
        ELSIF kind = 'string' AND ((entry.value #>> '{{}}') ~ '[^A-Za-z0-9._:/@+-]'
                                   OR octet_length(entry.value #>> '{{}}') NOT BETWEEN 1 AND 100) THEN
            RETURN false;
        END IF;
        IF kind = 'number' AND abs((entry.value #>> '{{}}')::numeric) > 1e15 THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("agents", "0006_handoffs_by_move")]

    # Going back leaves the stricter rule: all that was stored under the looser one is still read.
    operations = [migrations.RunSQL(WALL, migrations.RunSQL.noop)]
