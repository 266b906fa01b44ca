"""What the database itself holds: versions never change, labels stay at home, and the revision moves with them."""

from django.db import migrations

SQL = """
-- A version is what somebody was served: it can be neither changed nor taken away. Who wrote it may leave, though.
CREATE FUNCTION vault_version_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.author_id IS NULL
       AND to_jsonb(NEW) - 'author_id' = to_jsonb(OLD) - 'author_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a version is immutable' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'version_is_immutable';
END $$;
CREATE TRIGGER version_is_immutable BEFORE UPDATE OR DELETE ON vault_version
    FOR EACH ROW EXECUTE FUNCTION vault_version_is_immutable();

-- A label points at a version of its own prompt.
ALTER TABLE vault_label ADD CONSTRAINT label_of_prompt
    FOREIGN KEY (prompt_id, version_id) REFERENCES vault_version (prompt_id, id);

-- The history of what was learned only grows.
CREATE FUNCTION vault_history_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history is append-only' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'history_is_kept';
END $$;
CREATE TRIGGER history_is_kept BEFORE UPDATE ON vault_engagementreport
    FOR EACH ROW EXECUTE FUNCTION vault_history_is_kept();

-- The revision of what is served. Statement triggers: a bulk import moves it once, not ten thousand times.
CREATE FUNCTION vault_rows_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM sentinel_content_moved(ARRAY(SELECT DISTINCT project_id FROM changed));
    RETURN NULL;
END $$;
"""

TABLES = ["vault_prompt", "vault_version", "vault_label", "vault_client", "vault_vaultsettings"]
for table in TABLES:
    SQL += f"""
CREATE TRIGGER content_came AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION vault_rows_came();
CREATE TRIGGER content_went AFTER DELETE ON {table} REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION vault_rows_came();
"""
for table in TABLES:
    if table != "vault_prompt":
        SQL += f"""
CREATE TRIGGER content_changed AFTER UPDATE ON {table} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION vault_rows_came();
"""

SQL += """
-- A prompt's row holds content and scores: each moves its own. A session plans this once, mostly for a single row; a
-- nested loop, right for that, would compare ten thousand rows with ten thousand.
CREATE FUNCTION vault_prompts_changed() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS $$
DECLARE
    scores CONSTANT text[] := ARRAY['performance_score', 'times_used', 'engagement_avg', 'reports', 'engagements',
                                    'impressions', 'updated_at'];
BEGIN
    PERFORM sentinel_content_moved(ARRAY(
        SELECT DISTINCT n.project_id FROM new_rows n JOIN old_rows o USING (id)
        WHERE to_jsonb(n) - scores IS DISTINCT FROM to_jsonb(o) - scores
        UNION SELECT DISTINCT o.project_id FROM new_rows n JOIN old_rows o USING (id)
        WHERE n.project_id <> o.project_id
    ));
    INSERT INTO sentinel_scoremark (project_id)
    SELECT DISTINCT n.project_id FROM new_rows n JOIN old_rows o USING (id)
    WHERE (n.performance_score, n.engagements, n.impressions)
          IS DISTINCT FROM (o.performance_score, o.engagements, o.impressions);
    RETURN NULL;
END $$;
CREATE TRIGGER prompts_changed AFTER UPDATE ON vault_prompt
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION vault_prompts_changed();
"""

UNDO = "".join(
    f"DROP TRIGGER content_came ON {t}; DROP TRIGGER content_went ON {t};"
    + ("" if t == "vault_prompt" else f"DROP TRIGGER content_changed ON {t};")
    for t in TABLES
) + """
DROP TRIGGER prompts_changed ON vault_prompt;
DROP TRIGGER history_is_kept ON vault_engagementreport;
ALTER TABLE vault_label DROP CONSTRAINT label_of_prompt;
DROP TRIGGER version_is_immutable ON vault_version;
DROP FUNCTION vault_prompts_changed(), vault_rows_came(), vault_history_is_kept(), vault_version_is_immutable();
"""


class Migration(migrations.Migration):
    dependencies = [("vault", "0001_initial"), ("sentinel", "0002_revision_triggers")]

    operations = [migrations.RunSQL(SQL, UNDO)]
