"""The last wall: while an experiment goes on, production and context of its prompt stay, by raw SQL too."""

from django.db import migrations

SQL = """
CREATE FUNCTION experiments_holds(prompt uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM experiments_experiment WHERE prompt_id = prompt AND status IN ('running', 'paused')) THEN
        RAISE EXCEPTION 'an experiment holds this prompt'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'held_by_experiment';
    END IF;
END $$;

CREATE FUNCTION experiments_production_is_held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.name = 'production' THEN
        PERFORM experiments_holds(OLD.prompt_id);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.name = 'production' THEN
        PERFORM experiments_holds(NEW.prompt_id);
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER production_is_held BEFORE INSERT OR DELETE ON vault_label
    FOR EACH ROW EXECUTE FUNCTION experiments_production_is_held();
CREATE TRIGGER production_stays BEFORE UPDATE ON vault_label FOR EACH ROW
    WHEN ((OLD.name, OLD.prompt_id, OLD.version_id) IS DISTINCT FROM (NEW.name, NEW.prompt_id, NEW.version_id))
    EXECUTE FUNCTION experiments_production_is_held();

CREATE FUNCTION experiments_context_is_held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM experiments_holds(OLD.id);
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER context_is_held BEFORE UPDATE ON vault_prompt FOR EACH ROW
    WHEN ((OLD.project_id, OLD.category, OLD.vertical, OLD.platform, OLD.agent_code, OLD.language, OLD.is_active)
          IS DISTINCT FROM
          (NEW.project_id, NEW.category, NEW.vertical, NEW.platform, NEW.agent_code, NEW.language, NEW.is_active))
    EXECUTE FUNCTION experiments_context_is_held();
CREATE TRIGGER prompt_is_held BEFORE DELETE ON vault_prompt
    FOR EACH ROW EXECUTE FUNCTION experiments_context_is_held();
"""

UNDO = """
DROP TRIGGER prompt_is_held ON vault_prompt;
DROP TRIGGER context_is_held ON vault_prompt;
DROP TRIGGER production_stays ON vault_label;
DROP TRIGGER production_is_held ON vault_label;
DROP FUNCTION experiments_context_is_held(), experiments_production_is_held(), experiments_holds(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("experiments", "0002_triggers")]

    operations = [migrations.RunSQL(SQL, UNDO)]
