"""Where spans wait for an agent, a model or a tool of their trace."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

# What is open is a code here as in all of telemetry, whoever writes it.
CODES = f"""
    ALTER TABLE agents_waitingspan
    {", ".join(
        f"ALTER {name} TYPE assay_code"
        for name in (
            "trace_id", "span_id", "parent_id", "name", "code", "agent", "session", "service", "service_version",
            "environment",
        )
    )}
"""


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0003_handoff_triggers'),
        ('sentinel', '0002_revision_triggers'),
    ]

    operations = [
        migrations.CreateModel(
            name='WaitingSpan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('trace_id', models.CharField(max_length=32)),
                ('span_id', models.CharField(max_length=16)),
                ('parent_id', models.CharField(max_length=16, null=True)),
                ('remote_parent', models.BooleanField()),
                ('name', models.CharField(max_length=100, null=True)),
                ('started', models.BigIntegerField()),
                ('ended', models.BigIntegerField(null=True)),
                ('failed', models.BooleanField()),
                ('code', models.CharField(max_length=100, null=True)),
                ('agent', models.CharField(max_length=100, null=True)),
                ('session', models.CharField(max_length=100, null=True)),
                ('service', models.CharField(max_length=100, null=True)),
                ('service_version', models.CharField(max_length=100, null=True)),
                ('environment', models.CharField(max_length=100, null=True)),
                ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sentinel.project')),
            ],
            options={
                'indexes': [models.Index(fields=['received_at'], name='waiting_since')],
                'constraints': [models.UniqueConstraint(fields=('project', 'trace_id', 'span_id'), name='waits_once')],
            },
        ),
        migrations.RunSQL(CODES, migrations.RunSQL.noop),
    ]
