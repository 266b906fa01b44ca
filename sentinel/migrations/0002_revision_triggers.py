"""Move a project's revision whenever what it covers changes, by whatever door."""

from django.db import migrations

SQL = """
CREATE FUNCTION sentinel_content_moved(projects uuid[]) RETURNS void LANGUAGE sql AS $$
    UPDATE sentinel_revision SET content = content + 1 WHERE project_id = ANY (projects);
$$;

CREATE FUNCTION sentinel_project_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sentinel_revision (project_id, content, scores, access, scores_moved_at)
    VALUES (NEW.id, 1, 1, 1, 'epoch');
    RETURN NULL;
END $$;
CREATE TRIGGER project_made AFTER INSERT ON sentinel_project
    FOR EACH ROW EXECUTE FUNCTION sentinel_project_made();

CREATE FUNCTION sentinel_project_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sentinel_revision SET content = content + 1, access = access + 1 WHERE project_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER project_changed AFTER UPDATE ON sentinel_project
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION sentinel_project_changed();

CREATE FUNCTION sentinel_access_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sentinel_revision SET access = access + 1
    WHERE project_id IN (OLD.project_id, NEW.project_id);
    RETURN NULL;
END $$;
CREATE TRIGGER membership_moved AFTER INSERT OR UPDATE OR DELETE ON sentinel_membership
    FOR EACH ROW EXECUTE FUNCTION sentinel_access_moved();
CREATE TRIGGER key_moved AFTER INSERT OR DELETE ON sentinel_apikey
    FOR EACH ROW EXECUTE FUNCTION sentinel_access_moved();
-- When a key was last used is written often and changes nobody's access.
CREATE TRIGGER key_changed AFTER UPDATE ON sentinel_apikey
    FOR EACH ROW WHEN (
        (OLD.revoked_at, OLD.expires_at, OLD.permissions, OLD.reads_clients, OLD.made_by_id, OLD.digest)
        IS DISTINCT FROM
        (NEW.revoked_at, NEW.expires_at, NEW.permissions, NEW.reads_clients, NEW.made_by_id, NEW.digest)
    ) EXECUTE FUNCTION sentinel_access_moved();

CREATE FUNCTION sentinel_person_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sentinel_revision SET access = access + 1 WHERE project_id IN (
        SELECT project_id FROM sentinel_membership WHERE user_id = NEW.id
        UNION SELECT project_id FROM sentinel_apikey WHERE made_by_id = NEW.id
    );
    RETURN NULL;
END $$;
CREATE TRIGGER person_changed AFTER UPDATE ON auth_user
    FOR EACH ROW WHEN ((OLD.is_active, OLD.is_superuser) IS DISTINCT FROM (NEW.is_active, NEW.is_superuser))
    EXECUTE FUNCTION sentinel_person_changed();
"""

UNDO = """
DROP TRIGGER person_changed ON auth_user;
DROP TRIGGER key_changed ON sentinel_apikey;
DROP TRIGGER key_moved ON sentinel_apikey;
DROP TRIGGER membership_moved ON sentinel_membership;
DROP TRIGGER project_changed ON sentinel_project;
DROP TRIGGER project_made ON sentinel_project;
DROP FUNCTION sentinel_person_changed(), sentinel_access_moved(), sentinel_project_changed(), sentinel_project_made(),
    sentinel_content_moved(uuid[]);
"""


class Migration(migrations.Migration):
    dependencies = [("sentinel", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]

    operations = [migrations.RunSQL(SQL, UNDO)]
