"""What agents did, partitioned by month; what it comes to by hour and day; and the wall that keeps content out of both."""

import django.db.models.deletion
import django.db.models.functions.datetime
from assay.core.codes import FAILURE_TYPES, REASONS, RUN_STATUSES, SIGNALS, STEP_TYPES
from assay.core.privacy import BLOCKED
from django.db import migrations, models

import agents.models.telemetry
import config.ids

# The lists are those of the core as they are today: whoever changes them writes a migration that brings the database
# along; a test compares the two.

ENUMS = {
    "agents_run_status": RUN_STATUSES,
    "agents_step_type": STEP_TYPES,
    "agents_failure_type": FAILURE_TYPES,
    "agents_decision_type": tuple(REASONS),
    "agents_reason_code": tuple(reason for reasons in REASONS.values() for reason in reasons),
    "agents_signal_type": tuple(SIGNALS),
    "agents_signal_code": tuple(code for codes in SIGNALS.values() for code in codes),
}


def _labels(codes: tuple[str, ...]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


def _pairs(kind: str, code: str, lists: dict[str, tuple[str, ...]]) -> str:
    """The condition that a code belongs to its type."""
    cases = " ".join(f"WHEN '{name}' THEN {code} IN ({_labels(codes)})" for name, codes in lists.items())
    return f"CASE {kind} {cases} END"


TERM = f"({'|'.join(BLOCKED)})s?"
# What holds the last word of no term holds no term, however it is cut into words.
LAST_WORDS = "|".join(sorted({term.rpartition("_")[2] for term in BLOCKED}))
# The rules of `assay.core.privacy`, which has the same list, for whoever comes past the doors. What is said of a row
# that is refused repeats nothing of it.
WALL = f"""
CREATE FUNCTION agents_is_metadata(metadata jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$
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

-- A type of its own, where a trigger could be switched off and would have COPY write row by row.
CREATE DOMAIN assay_metadata AS jsonb CONSTRAINT telemetry_holds_no_content CHECK (agents_is_metadata(VALUE));
"""
NO_WALL = "DROP DOMAIN assay_metadata; DROP FUNCTION agents_is_metadata(jsonb);"

TRIALLED = "version_id uuid, experiment_id uuid, arm smallint"
SPENT = """
    started_at timestamptz, ended_at timestamptz,
    latency_ms double precision CHECK (latency_ms = 0 OR latency_ms >= 1e-6),
    tokens_in bigint, tokens_out bigint, tokens_cached bigint
"""
OF_RUN = "id uuid NOT NULL, project_id uuid NOT NULL, run uuid NOT NULL"
LAST = "metadata assay_metadata, PRIMARY KEY (project_id, id)"

# Closed lists are enumerated types: four bytes, and room for nothing else. What is open is a domain of codes.
TABLES = (
    "".join(f"CREATE TYPE {name} AS ENUM ({_labels(codes)});\n" for name, codes in ENUMS.items())
    + f"""
CREATE TABLE agents_run (
    id uuid NOT NULL, project_id uuid NOT NULL,
    run_id assay_code NOT NULL,
    agent_id assay_code NOT NULL, agent_version assay_code NOT NULL, environment assay_code NOT NULL,
    status agents_run_status NOT NULL,
    {SPENT},
    parent_run_id assay_code, session_id assay_code,
    trace_id assay_code, span_id assay_code, parent_span_id assay_code,
    cost_usd numeric(16, 8),
    {TRIALLED},
    loop_length smallint, loop_repeats integer,
    received_at timestamptz NOT NULL DEFAULT now(),
    {LAST}
) PARTITION BY RANGE (id);
ALTER TABLE agents_run ALTER started_at SET NOT NULL;
-- A version's runs, for its page; those of a session or a trace; and those that went in circles. Runs without cost
-- these indexes nothing.
CREATE INDEX run_version ON agents_run (project_id, version_id, id) WHERE version_id IS NOT NULL;
CREATE INDEX run_session ON agents_run (project_id, session_id, id) WHERE session_id IS NOT NULL;
CREATE INDEX run_trace ON agents_run (project_id, trace_id, id) WHERE trace_id IS NOT NULL;
CREATE INDEX run_loops ON agents_run (project_id, id) WHERE loop_repeats IS NOT NULL;

CREATE TABLE agents_step (
    {OF_RUN},
    step_id assay_code NOT NULL, parent_step_id assay_code,
    step_type agents_step_type NOT NULL,
    name assay_code,
    seq integer NOT NULL,
    status agents_run_status NOT NULL,
    {SPENT},
    model assay_code,
    {TRIALLED},
    {LAST}
) PARTITION BY RANGE (id);
CREATE INDEX step_version ON agents_step (project_id, version_id, id) WHERE version_id IS NOT NULL;

CREATE TABLE agents_failure (
    {OF_RUN},
    own_id assay_code NOT NULL,
    failure_type agents_failure_type NOT NULL,
    code assay_code NOT NULL,
    step_id assay_code,
    {LAST}
) PARTITION BY RANGE (id);

CREATE TABLE agents_decision (
    {OF_RUN},
    own_id assay_code NOT NULL,
    decision_type agents_decision_type NOT NULL,
    selected assay_code NOT NULL,
    candidates assay_code[] CHECK (cardinality(candidates) <= 50),
    reason_code agents_reason_code NOT NULL,
    confidence assay_share,
    step_id assay_code,
    at timestamptz,
    {LAST},
    CONSTRAINT reason_of_its_type CHECK ({_pairs("decision_type", "reason_code", REASONS)})
) PARTITION BY RANGE (id);

CREATE TABLE agents_qualitysignal (
    {OF_RUN},
    own_id assay_code NOT NULL,
    signal_type agents_signal_type NOT NULL,
    signal_code agents_signal_code NOT NULL,
    value boolean NOT NULL,
    weight assay_share,
    step_id assay_code,
    at timestamptz,
    {LAST},
    CONSTRAINT code_of_its_type CHECK ({_pairs("signal_type", "signal_code", SIGNALS)})
) PARTITION BY RANGE (id);

CREATE TABLE agents_call (
    id uuid NOT NULL, project_id uuid NOT NULL,
    run_id assay_code NOT NULL, parent_run_id assay_code NOT NULL,
    caller assay_code, callee assay_code NOT NULL,
    {LAST}
) PARTITION BY RANGE (id);
CREATE INDEX call_run ON agents_call (project_id, run_id);
CREATE INDEX call_parent ON agents_call (project_id, parent_run_id);
"""
)
NO_TABLES = (
    "DROP TABLE agents_run, agents_step, agents_failure, agents_decision, agents_qualitysignal, agents_call;"
    f"DROP TYPE {', '.join(ENUMS)};"
)

ROLLUPS = ("agents_runcount", "agents_decisioncount", "agents_signalcount")
# Each row of a rollup is written again and again: with room left on its page, no index has to follow.
CODES = (
    "".join(
        f"""
        ALTER TABLE {table}
            ALTER agent_id TYPE assay_code, ALTER agent_version TYPE assay_code, ALTER environment TYPE assay_code,
            SET (fillfactor = 50);
        """
        for table in ROLLUPS
    )
    + """
    ALTER TABLE agents_decisioncount
        ALTER decision_type TYPE agents_decision_type USING decision_type::agents_decision_type,
        ALTER reason_code TYPE agents_reason_code USING reason_code::agents_reason_code;
    ALTER TABLE agents_signalcount
        ALTER signal_type TYPE agents_signal_type USING signal_type::agents_signal_type,
        ALTER signal_code TYPE agents_signal_code USING signal_code::agents_signal_code;
    ALTER TABLE agents_dropcount ALTER door TYPE assay_code, ALTER what TYPE assay_code;
    -- Keys come about in the order of their times: a small index finds those that are past keeping.
    CREATE INDEX runkey_id ON agents_runkey USING brin (id);
    """
)

class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('experiments', '0004_executions'),
        ('sentinel', '0002_revision_triggers'),
    ]

    operations = [
        migrations.RunSQL(WALL, NO_WALL),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLES, NO_TABLES)],
            state_operations=[
                migrations.CreateModel(
                    name='Run',
                    fields=[
                        ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                        ('metadata', models.JSONField(null=True)),
                        ('version_id', models.UUIDField(null=True)),
                        ('experiment_id', models.UUIDField(null=True)),
                        ('arm', models.SmallIntegerField(null=True)),
                        ('started_at', models.DateTimeField(null=True)),
                        ('ended_at', models.DateTimeField(null=True)),
                        ('latency_ms', models.FloatField(null=True)),
                        ('tokens_in', models.BigIntegerField(null=True)),
                        ('tokens_out', models.BigIntegerField(null=True)),
                        ('tokens_cached', models.BigIntegerField(null=True)),
                        ('run_id', models.CharField(max_length=100)),
                        ('agent_id', models.CharField(max_length=100)),
                        ('agent_version', models.CharField(max_length=100)),
                        ('environment', models.CharField(max_length=100)),
                        ('status', models.CharField(max_length=10)),
                        ('parent_run_id', models.CharField(max_length=100, null=True)),
                        ('session_id', models.CharField(max_length=100, null=True)),
                        ('trace_id', models.CharField(max_length=32, null=True)),
                        ('span_id', models.CharField(max_length=16, null=True)),
                        ('parent_span_id', models.CharField(max_length=16, null=True)),
                        ('cost_usd', models.DecimalField(decimal_places=8, max_digits=16, null=True)),
                        ('loop_length', models.SmallIntegerField(null=True)),
                        ('loop_repeats', models.IntegerField(null=True)),
                        ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('project', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sentinel.project')),
                    ],
                    options={
                        'verbose_name': 'run',
                        'ordering': ['-id'],
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Step',
                    fields=[
                        ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                        ('metadata', models.JSONField(null=True)),
                        ('run', models.UUIDField()),
                        ('version_id', models.UUIDField(null=True)),
                        ('experiment_id', models.UUIDField(null=True)),
                        ('arm', models.SmallIntegerField(null=True)),
                        ('started_at', models.DateTimeField(null=True)),
                        ('ended_at', models.DateTimeField(null=True)),
                        ('latency_ms', models.FloatField(null=True)),
                        ('tokens_in', models.BigIntegerField(null=True)),
                        ('tokens_out', models.BigIntegerField(null=True)),
                        ('tokens_cached', models.BigIntegerField(null=True)),
                        ('step_id', models.CharField(max_length=100)),
                        ('parent_step_id', models.CharField(max_length=100, null=True)),
                        ('step_type', models.CharField(max_length=10)),
                        ('name', models.CharField(max_length=100, null=True)),
                        ('seq', models.IntegerField()),
                        ('status', models.CharField(max_length=10)),
                        ('model', models.CharField(max_length=100, null=True)),
                        ('project', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sentinel.project')),
                    ],
                    options={
                        'verbose_name': 'step',
                        'ordering': ['-id'],
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Failure',
                    fields=[
                        ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                        ('metadata', models.JSONField(null=True)),
                        ('run', models.UUIDField()),
                        ('own_id', models.CharField(max_length=100)),
                        ('failure_type', models.CharField(max_length=20)),
                        ('code', models.CharField(max_length=100)),
                        ('step_id', models.CharField(max_length=100, null=True)),
                        ('project', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sentinel.project')),
                    ],
                    options={
                        'verbose_name': 'failure',
                        'ordering': ['-id'],
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Decision',
                    fields=[
                        ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                        ('metadata', models.JSONField(null=True)),
                        ('run', models.UUIDField()),
                        ('own_id', models.CharField(max_length=100)),
                        ('decision_type', models.CharField(max_length=30)),
                        ('selected', models.CharField(max_length=100)),
                        ('candidates', agents.models.telemetry.CodesField(base_field=models.CharField(max_length=100), null=True, size=None)),
                        ('reason_code', models.CharField(max_length=30)),
                        ('confidence', models.FloatField(null=True)),
                        ('step_id', models.CharField(max_length=100, null=True)),
                        ('at', models.DateTimeField(null=True)),
                        ('project', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sentinel.project')),
                    ],
                    options={
                        'verbose_name': 'decision',
                        'ordering': ['-id'],
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='QualitySignal',
                    fields=[
                        ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                        ('metadata', models.JSONField(null=True)),
                        ('run', models.UUIDField()),
                        ('own_id', models.CharField(max_length=100)),
                        ('signal_type', models.CharField(max_length=30)),
                        ('signal_code', models.CharField(max_length=30)),
                        ('value', models.BooleanField()),
                        ('weight', models.FloatField(null=True)),
                        ('step_id', models.CharField(max_length=100, null=True)),
                        ('at', models.DateTimeField(null=True)),
                        ('project', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sentinel.project')),
                    ],
                    options={
                        'verbose_name': 'quality signal',
                        'ordering': ['-id'],
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Call',
                    fields=[
                        ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                        ('metadata', models.JSONField(null=True)),
                        ('run_id', models.CharField(max_length=100)),
                        ('parent_run_id', models.CharField(max_length=100)),
                        ('caller', models.CharField(max_length=100, null=True)),
                        ('callee', models.CharField(max_length=100)),
                        ('project', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sentinel.project')),
                    ],
                    options={
                        'verbose_name': 'call',
                        'ordering': ['-id'],
                        'abstract': False,
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name='RunKey',
            fields=[
                ('pk', models.CompositePrimaryKey('project_id', 'key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('key', models.UUIDField()),
                ('id', models.UUIDField()),
                ('project', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sentinel.project')),
            ],
        ),
        migrations.CreateModel(
            name='RunCount',
            fields=[
                ('grain', models.CharField(max_length=1)),
                ('start', models.DateTimeField()),
                ('agent_id', models.CharField(max_length=100)),
                ('agent_version', models.CharField(max_length=100)),
                ('environment', models.CharField(max_length=100)),
                ('failed_tool', models.BigIntegerField(default=0)),
                ('failed_model', models.BigIntegerField(default=0)),
                ('failed_retrieval', models.BigIntegerField(default=0)),
                ('failed_orchestration', models.BigIntegerField(default=0)),
                ('failed_validation', models.BigIntegerField(default=0)),
                ('failed_timeout', models.BigIntegerField(default=0)),
                ('failed_other', models.BigIntegerField(default=0)),
                ('pk', models.CompositePrimaryKey('project_id', 'grain', 'start', 'agent_id', 'agent_version', 'environment', blank=True, editable=False, primary_key=True, serialize=False)),
                ('runs', models.BigIntegerField(default=0)),
                ('running', models.BigIntegerField(default=0)),
                ('success', models.BigIntegerField(default=0)),
                ('failure', models.BigIntegerField(default=0)),
                ('partial', models.BigIntegerField(default=0)),
                ('with_failures', models.BigIntegerField(default=0)),
                ('looping', models.BigIntegerField(default=0)),
                ('steps', models.BigIntegerField(default=0)),
                ('steps_sq', models.FloatField(default=0.0)),
                ('decisions', models.BigIntegerField(default=0)),
                ('signals', models.BigIntegerField(default=0)),
                ('timed', models.BigIntegerField(default=0)),
                ('latency_ms', models.FloatField(default=0.0)),
                ('latency_sq', models.FloatField(default=0.0)),
                ('metered', models.BigIntegerField(default=0)),
                ('tokens', models.BigIntegerField(default=0)),
                ('tokens_sq', models.FloatField(default=0.0)),
                ('tokens_in', models.BigIntegerField(default=0)),
                ('tokens_out', models.BigIntegerField(default=0)),
                ('tokens_cached', models.BigIntegerField(default=0)),
                ('costed', models.BigIntegerField(default=0)),
                ('cost_usd', models.DecimalField(decimal_places=8, default=0, max_digits=24)),
                ('cost_sq', models.FloatField(default=0.0)),
                ('project', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sentinel.project')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DecisionCount',
            fields=[
                ('grain', models.CharField(max_length=1)),
                ('start', models.DateTimeField()),
                ('agent_id', models.CharField(max_length=100)),
                ('agent_version', models.CharField(max_length=100)),
                ('environment', models.CharField(max_length=100)),
                ('failed_tool', models.BigIntegerField(default=0)),
                ('failed_model', models.BigIntegerField(default=0)),
                ('failed_retrieval', models.BigIntegerField(default=0)),
                ('failed_orchestration', models.BigIntegerField(default=0)),
                ('failed_validation', models.BigIntegerField(default=0)),
                ('failed_timeout', models.BigIntegerField(default=0)),
                ('failed_other', models.BigIntegerField(default=0)),
                ('pk', models.CompositePrimaryKey('project_id', 'grain', 'start', 'agent_id', 'agent_version', 'environment', 'decision_type', 'reason_code', blank=True, editable=False, primary_key=True, serialize=False)),
                ('decision_type', models.CharField(max_length=30)),
                ('reason_code', models.CharField(max_length=30)),
                ('decisions', models.BigIntegerField(default=0)),
                ('rated', models.BigIntegerField(default=0)),
                ('confidence', models.FloatField(default=0.0)),
                ('runs', models.BigIntegerField(default=0)),
                ('runs_with_failures', models.BigIntegerField(default=0)),
                ('project', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sentinel.project')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SignalCount',
            fields=[
                ('grain', models.CharField(max_length=1)),
                ('start', models.DateTimeField()),
                ('agent_id', models.CharField(max_length=100)),
                ('agent_version', models.CharField(max_length=100)),
                ('environment', models.CharField(max_length=100)),
                ('pk', models.CompositePrimaryKey('project_id', 'grain', 'start', 'agent_id', 'agent_version', 'environment', 'signal_type', 'signal_code', blank=True, editable=False, primary_key=True, serialize=False)),
                ('signal_type', models.CharField(max_length=30)),
                ('signal_code', models.CharField(max_length=30)),
                ('true_count', models.BigIntegerField(default=0)),
                ('false_count', models.BigIntegerField(default=0)),
                ('runs_told', models.BigIntegerField(default=0)),
                ('runs', models.BigIntegerField(default=0)),
                ('runs_success', models.BigIntegerField(default=0)),
                ('project', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sentinel.project')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DropCount',
            fields=[
                ('pk', models.CompositePrimaryKey('project_id', 'day', 'door', 'what', blank=True, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('door', models.CharField(max_length=10)),
                ('what', models.CharField(max_length=50)),
                ('count', models.BigIntegerField(default=0)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sentinel.project')),
            ],
        ),
        migrations.CreateModel(
            name='AgentSettings',
            fields=[
                ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='agent_settings', serialize=False, to='sentinel.project')),
                ('keeps_decisions', models.BooleanField(default=True, help_text='Whether decisions and quality signals are stored. Runs, steps and failures are in any case.')),
            ],
        ),
        migrations.RunSQL(CODES, migrations.RunSQL.noop),
    ]
