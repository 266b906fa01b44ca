"""What each use of a version took: partitioned by month, and counted by version and day."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import config.ids

TABLE = """
-- A string of telemetry is a code and never content. A domain holds against raw SQL and COPY too, and what it says of a
-- value that it refuses does not repeat the value.
-- Two cheap conditions: one expression that counts to a hundred costs twenty times as much as both.
CREATE DOMAIN assay_code AS text CONSTRAINT is_a_code
    CHECK (VALUE !~ '[^A-Za-z0-9._:/@+-]' AND octet_length(VALUE) BETWEEN 1 AND 100);
CREATE DOMAIN assay_share AS double precision CONSTRAINT is_a_share CHECK (VALUE BETWEEN 0 AND 1);

CREATE TABLE experiments_execution (
    id uuid NOT NULL,
    project_id uuid NOT NULL,
    prompt_id uuid NOT NULL,
    version_id uuid NOT NULL,
    resolution uuid,
    unit bigint,
    at timestamptz NOT NULL,
    response_time_ms double precision,
    input_tokens bigint,
    output_tokens bigint,
    cached_tokens bigint,
    cost_usd numeric(16, 8),
    error_type assay_code,
    environment assay_code,
    input_hash assay_code,
    accuracy assay_share,
    consistency assay_share,
    completeness assay_share,
    user_satisfaction assay_share,
    engagements double precision NOT NULL DEFAULT 0,
    impressions double precision NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX execution_resolution ON experiments_execution (project_id, resolution) WHERE resolution IS NOT NULL;
CREATE INDEX execution_version ON experiments_execution (project_id, version_id, id);
"""
NO_TABLE = """
DROP TABLE experiments_execution;
DROP DOMAIN assay_code, assay_share;
"""

SQL = """
-- By what an execution knows its resolution, and the lowest id that an execution of it can have: a day before the
-- resolution's own time, which is in the bytes 34 to 39 of the token; clocks differ.
CREATE FUNCTION experiments_resolution(token text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(substr(sha256(convert_to(token, 'UTF8')), 1, 16), 'hex')::uuid
$$;
CREATE FUNCTION experiments_not_before(token text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(GREATEST(('x' || encode(decode(translate(substr(token, 45, 8), '-_', '+/'), 'base64'), 'hex'))
        ::bit(48)::bigint - 86400000, 0)), 12, '0') || repeat('0', 20))::uuid
$$;

-- An engagement report that names its resolution finds the newest execution of it, and the day that counts it.
CREATE FUNCTION experiments_engagement_of_executions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT execution.project_id, execution.id, execution.version_id, execution.at,
               sum(report.engagements) AS engagements, sum(report.impressions) AS impressions
        FROM reports report CROSS JOIN LATERAL (
            SELECT * FROM experiments_execution candidate
            WHERE candidate.project_id = report.project_id
              AND candidate.resolution = experiments_resolution(report.resolution_id)
              AND candidate.id >= experiments_not_before(report.resolution_id)
            ORDER BY candidate.id DESC LIMIT 1
        ) execution
        WHERE report.resolution_id IS NOT NULL
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2
    LOOP
        -- The same lock as whoever records or rates executions: days are added to by one after the other.
        PERFORM pg_advisory_xact_lock(hashtextextended('experiments.executions:' || found.project_id, 0));
        UPDATE experiments_execution SET engagements = engagements + found.engagements,
                                         impressions = impressions + found.impressions
        WHERE project_id = found.project_id AND id = found.id;
        UPDATE experiments_executionday SET engagements = engagements + found.engagements,
                                            impressions = impressions + found.impressions
        WHERE version_id = found.version_id AND day = (found.at AT TIME ZONE 'UTC')::date;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER engagement_of_executions AFTER INSERT ON vault_engagementreport REFERENCING NEW TABLE AS reports
    FOR EACH STATEMENT EXECUTE FUNCTION experiments_engagement_of_executions();
"""
UNDO = """
DROP TRIGGER engagement_of_executions ON vault_engagementreport;
DROP FUNCTION experiments_engagement_of_executions(), experiments_not_before(text), experiments_resolution(text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0003_held"),
        ("vault", "0002_triggers"),
        ("sentinel", "0002_revision_triggers"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLE, NO_TABLE)],
            state_operations=[
                migrations.CreateModel(
                    name='Execution',
                    fields=[
                        ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                        ('resolution', models.UUIDField(null=True)),
                        ('unit', models.BigIntegerField(null=True)),
                        ('at', models.DateTimeField()),
                        ('response_time_ms', models.FloatField(null=True)),
                        ('input_tokens', models.BigIntegerField(null=True)),
                        ('output_tokens', models.BigIntegerField(null=True)),
                        ('cached_tokens', models.BigIntegerField(null=True)),
                        ('cost_usd', models.DecimalField(decimal_places=8, max_digits=16, null=True)),
                        ('error_type', models.CharField(max_length=100, null=True)),
                        ('environment', models.CharField(max_length=100, null=True)),
                        ('input_hash', models.CharField(max_length=100, null=True)),
                        ('accuracy', models.FloatField(null=True)),
                        ('consistency', models.FloatField(null=True)),
                        ('completeness', models.FloatField(null=True)),
                        ('user_satisfaction', models.FloatField(null=True)),
                        ('engagements', models.FloatField(default=0.0)),
                        ('impressions', models.FloatField(default=0.0)),
                        ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('project', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sentinel.project')),
                        ('prompt', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vault.prompt')),
                        ('version', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vault.version')),
                    ],
                    options={
                        'ordering': ['-id'],
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name='ExecutionDay',
            fields=[
                ('pk', models.CompositePrimaryKey('version_id', 'day', blank=True, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('executions', models.BigIntegerField(default=0)),
                ('errors', models.BigIntegerField(default=0)),
                ('timed', models.BigIntegerField(default=0)),
                ('response_time_ms', models.FloatField(default=0.0)),
                ('response_score', models.FloatField(default=0.0)),
                ('input_tokens', models.BigIntegerField(default=0)),
                ('output_tokens', models.BigIntegerField(default=0)),
                ('cached_tokens', models.BigIntegerField(default=0)),
                ('costed', models.BigIntegerField(default=0)),
                ('cost_usd', models.DecimalField(decimal_places=8, default=0, max_digits=24)),
                ('accuracy', models.FloatField(default=0.0)),
                ('accuracy_rated', models.BigIntegerField(default=0)),
                ('consistency', models.FloatField(default=0.0)),
                ('consistency_rated', models.BigIntegerField(default=0)),
                ('completeness', models.FloatField(default=0.0)),
                ('completeness_rated', models.BigIntegerField(default=0)),
                ('user_satisfaction', models.FloatField(default=0.0)),
                ('user_satisfaction_rated', models.BigIntegerField(default=0)),
                ('engagements', models.FloatField(default=0.0)),
                ('impressions', models.FloatField(default=0.0)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sentinel.project')),
                ('prompt', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='vault.prompt')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='days', to='vault.version')),
            ],
            options={
                'indexes': [models.Index(fields=['prompt', 'day'], name='experiments_prompt__59a770_idx')],
            },
        ),
        migrations.RunSQL(SQL, UNDO),
    ]
