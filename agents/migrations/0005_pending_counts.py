"""Where what runs count for waits to be added to the rollups."""

import django.db.models.deletion
from django.db import migrations, models

RUNS = {
    **dict.fromkeys(
        ("runs", "running", "success", "failure", "partial", "with_failures", "looping", "steps", "decisions", "signals",
         "timed", "metered", "tokens", "tokens_in", "tokens_out", "tokens_cached", "costed"), "bigint"
    ),
    **dict.fromkeys(("steps_sq", "latency_ms", "latency_sq", "tokens_sq", "cost_sq"), "double precision"),
    "cost_usd": "numeric",
}
FAILED = ("tool", "model", "retrieval", "orchestration", "validation", "timeout", "other")
# What a single transaction stores is a number of four bytes.
DECISIONS = {
    "decision_type": "agents_decision_type", "reason_code": "agents_reason_code",
    "decisions": "integer", "rated": "integer", "confidence": "double precision",
    "runs": "integer", "runs_with_failures": "integer",
    **{f"failed_{kind}": "integer" for kind in FAILED},
}
SIGNALS = {
    "signal_type": "agents_signal_type", "signal_code": "agents_signal_code",
    **dict.fromkeys(("true_count", "false_count", "runs_told", "runs", "runs_success"), "integer"),
}
COLUMNS = {
    **dict.fromkeys(("agent_id", "agent_version", "environment"), "assay_code NOT NULL"),
    **RUNS,
    **{f"failed_{kind}": "bigint" for kind in FAILED},
    **{f"of_decisions_{name}": f"{type_}[]" for name, type_ in DECISIONS.items()},
    **{f"of_signals_{name}": f"{type_}[]" for name, type_ in SIGNALS.items()},
}
# Rows come and go all the time: they stay in their page, and what is gone is swept up soon.
TABLE = f"""
    ALTER TABLE agents_pendingcount
        {", ".join(f"ADD {name} {type_}" for name, type_ in COLUMNS.items())};
    ALTER TABLE agents_pendingcount SET (
        toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_insert_threshold = -1
    );
"""


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0004_waiting_spans'),
        ('sentinel', '0002_revision_triggers'),
    ]

    operations = [
        migrations.CreateModel(
            name='PendingCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start', models.DateTimeField()),
                ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sentinel.project')),
            ],
        ),
        migrations.RunSQL(TABLE, migrations.RunSQL.noop),
    ]
