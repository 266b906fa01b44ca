"""What the database itself holds of experiments: shares stay, coverage grows, what is served moves the revision, and
every new observation leaves word that its unit's totals are to be worked out again."""

from django.db import migrations

SQL = """
-- What each experiment measures, and how long a unit's value may still grow after its exposure: even what is immediate
-- takes its way, a minute at most.
CREATE VIEW experiments_measured AS
    SELECT measured.experiment_id, measured.metric_id, GREATEST(metric."window", interval '1 minute') AS waits,
           metric.kind
    FROM (
        SELECT id AS experiment_id, primary_metric_id AS metric_id FROM experiments_experiment
        UNION SELECT experiment_id, metric_id FROM experiments_experiment_secondary_metrics
        UNION SELECT experiment_id, metric_id FROM experiments_guardrail
    ) AS measured JOIN experiments_metric metric ON metric.id = measured.metric_id;

-- Once an experiment has left its draft, its arms are what they are. Only taking one out is allowed.
CREATE FUNCTION experiments_arms_are_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'withdrawn_at' = to_jsonb(OLD) - 'withdrawn_at' THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM experiments_experiment
               WHERE id IN (OLD.experiment_id, NEW.experiment_id) AND status <> 'draft') THEN
        RAISE EXCEPTION 'the arms of a started experiment are frozen'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'arms_are_frozen';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER arms_are_frozen BEFORE INSERT OR UPDATE OR DELETE ON experiments_arm
    FOR EACH ROW EXECUTE FUNCTION experiments_arms_are_frozen();

-- While it goes on, coverage only grows, and salt and prompt stay: nobody changes arm. A conclusion is final.
CREATE FUNCTION experiments_is_steady() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'concluded' AND NEW.status <> 'concluded' THEN
        RAISE EXCEPTION 'a concluded experiment stays concluded'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'conclusion_is_final';
    END IF;
    IF OLD.status <> 'draft' AND (NEW.status = 'draft' OR NEW.salt <> OLD.salt OR NEW.prompt_id <> OLD.prompt_id
            OR NEW.primary_metric_id <> OLD.primary_metric_id OR NEW.significance <> OLD.significance
            OR NEW.planned_units IS DISTINCT FROM OLD.planned_units
            OR (NEW.coverage < OLD.coverage AND NEW.status <> 'concluded')) THEN
        RAISE EXCEPTION 'a started experiment keeps what it was started with'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'experiment_is_steady';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER is_steady BEFORE UPDATE ON experiments_experiment
    FOR EACH ROW EXECUTE FUNCTION experiments_is_steady();

-- What is served of an experiment moves the project's revision; what is learned of it does not.
CREATE FUNCTION experiments_served_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM sentinel_content_moved(ARRAY[NEW.project_id]);
    RETURN NULL;
END $$;
CREATE TRIGGER served_moved AFTER UPDATE ON experiments_experiment
    FOR EACH ROW WHEN ((OLD.status, OLD.coverage, OLD.exposure_ended_at)
                       IS DISTINCT FROM (NEW.status, NEW.coverage, NEW.exposure_ended_at))
    EXECUTE FUNCTION experiments_served_moved();
CREATE TRIGGER served_moved AFTER UPDATE ON experiments_arm
    FOR EACH ROW WHEN (OLD.withdrawn_at IS DISTINCT FROM NEW.withdrawn_at)
    EXECUTE FUNCTION experiments_served_moved();

-- Whoever learns something new of a unit leaves word in the same transaction: the totals are worked out from the rows
-- again, so nothing is counted twice and nothing is lost, whatever arrives first and whoever crashes.
CREATE FUNCTION experiments_unit_seen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO experiments_pending (project_id, unit)
    SELECT DISTINCT seen.project_id, seen.unit FROM seen
    WHERE EXISTS (SELECT FROM experiments_experiment experiment
                  WHERE experiment.project_id = seen.project_id AND experiment.status IN ('running', 'paused'));
    RETURN NULL;
END $$;
CREATE TRIGGER unit_seen AFTER INSERT ON experiments_outcome REFERENCING NEW TABLE AS seen
    FOR EACH STATEMENT EXECUTE FUNCTION experiments_unit_seen();
CREATE TRIGGER unit_seen AFTER INSERT ON experiments_exposure REFERENCING NEW TABLE AS seen
    FOR EACH STATEMENT EXECUTE FUNCTION experiments_unit_seen();
CREATE TRIGGER unit_seen_earlier AFTER UPDATE ON experiments_exposure REFERENCING NEW TABLE AS seen
    FOR EACH STATEMENT EXECUTE FUNCTION experiments_unit_seen();

-- An engagement report that names whom it was for is an outcome of the metric `engagement`, without a second call.
CREATE FUNCTION experiments_engagement_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO experiments_outcome (id, project_id, unit, metric_id, value, weight, at, outcome_id)
    SELECT report.id, report.project_id, ('x' || encode(report.unit_hash, 'hex'))::bit(64)::bigint, metric.id,
           report.engagements, report.impressions, report.at, COALESCE(report.report_id, report.id)
    FROM reports report JOIN experiments_metric metric
         ON metric.project_id = report.project_id AND metric.slug = 'engagement'
    WHERE report.unit_hash IS NOT NULL
    ON CONFLICT (project_id, outcome_id) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER engagement_counts AFTER INSERT ON vault_engagementreport REFERENCING NEW TABLE AS reports
    FOR EACH STATEMENT EXECUTE FUNCTION experiments_engagement_counts();

-- The metrics that every project starts with.
CREATE FUNCTION experiments_seed_metrics(project uuid) RETURNS void LANGUAGE sql AS $$
    INSERT INTO experiments_metric (id, created_at, project_id, slug, name, kind, direction, measure, "window")
    SELECT gen_random_uuid(), now(), project, slug, name, kind, direction, measure, interval '7 days' FROM (VALUES
        ('engagement', 'Engagement', 'ratio', 'up', ''),
        ('click_through', 'Click-through', 'conversion', 'up', ''),
        ('accuracy', 'Accuracy', 'ratio', 'up', ''),
        ('consistency', 'Consistency', 'ratio', 'up', ''),
        ('completeness', 'Completeness', 'ratio', 'up', ''),
        ('user_satisfaction', 'User satisfaction', 'ratio', 'up', ''),
        ('response_time_ms', 'Response time', 'ratio', 'down', 'ms'),
        ('error_rate', 'Error rate', 'ratio', 'down', ''),
        ('cost_usd', 'Cost', 'ratio', 'down', 'usd')
    ) AS seeded (slug, name, kind, direction, measure)
    ON CONFLICT (project_id, slug) DO NOTHING;
$$;
CREATE FUNCTION experiments_project_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM experiments_seed_metrics(NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER project_metrics AFTER INSERT ON sentinel_project
    FOR EACH ROW EXECUTE FUNCTION experiments_project_made();
SELECT experiments_seed_metrics(id) FROM sentinel_project;
"""

UNDO = """
DROP VIEW experiments_measured;
DROP TRIGGER project_metrics ON sentinel_project;
DROP TRIGGER engagement_counts ON vault_engagementreport;
DROP TRIGGER unit_seen_earlier ON experiments_exposure;
DROP TRIGGER unit_seen ON experiments_exposure;
DROP TRIGGER unit_seen ON experiments_outcome;
DROP TRIGGER served_moved ON experiments_arm;
DROP TRIGGER served_moved ON experiments_experiment;
DROP TRIGGER is_steady ON experiments_experiment;
DROP TRIGGER arms_are_frozen ON experiments_arm;
DROP FUNCTION experiments_project_made(), experiments_seed_metrics(uuid), experiments_engagement_counts(),
    experiments_unit_seen(), experiments_served_moved(), experiments_is_steady(), experiments_arms_are_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0001_initial"),
        ("vault", "0002_triggers"),
        ("sentinel", "0002_revision_triggers"),
    ]

    operations = [migrations.RunSQL(SQL, UNDO)]
