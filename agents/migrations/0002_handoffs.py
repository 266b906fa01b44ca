"""Roster, payload types, handoffs with their results and events, and what agents remember."""

import agents.models.handoffs
import config.ids
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0001_telemetry'),
        ('sentinel', '0002_revision_triggers'),
        ('vault', '0002_triggers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Agent',
            fields=[
                ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('code', models.CharField(max_length=100, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\\Z', 'A code: ASCII letters, digits, then also . _ -')])),
                ('name', models.CharField(max_length=100)),
                ('role', models.CharField(blank=True, default='', help_text='What it answers for, in a few words.', max_length=200)),
                ('is_active', models.BooleanField(default=True, help_text='Nothing is handed to an agent that is switched off.')),
                ('card', models.JSONField(blank=True, default=dict, help_text='What other agents are told of it: description, skills, examples, tags.')),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='agents', to='sentinel.project')),
                ('prompt', models.ForeignKey(blank=True, help_text='Its system prompt: what is resolved by this name when it starts.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='vault.prompt')),
            ],
            options={
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='Handoff',
            fields=[
                ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('task_id', models.CharField(default=agents.models.handoffs.new_task_id, editable=False, max_length=13)),
                ('context_id', models.CharField(max_length=100, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9._:/@+-]{1,100}\\Z', 'A code: ASCII letters, digits and . _ : / @ + -, no spaces.')])),
                ('chain', models.JSONField()),
                ('hop_count', models.PositiveSmallIntegerField(default=1)),
                ('payload', models.JSONField()),
                ('priority', models.PositiveSmallIntegerField(choices=[(0, 'Urgent'), (1, 'High'), (2, 'Normal'), (3, 'Low')], default=2)),
                ('status', models.CharField(choices=[('PENDING', 'Pending'), ('IN_PROGRESS', 'In progress'), ('INPUT_REQUIRED', 'Input required'), ('COMPLETED', 'Completed'), ('REJECTED', 'Rejected'), ('FAILED', 'Failed'), ('CANCELED', 'Canceled'), ('EXPIRED', 'Expired')], default='PENDING', editable=False, max_length=14)),
                ('deadline', models.DateTimeField(blank=True, null=True)),
                ('lease_seconds', models.PositiveIntegerField(default=300, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(86400)])),
                ('lease_id', models.UUIDField(editable=False, null=True)),
                ('lease_until', models.DateTimeField(editable=False, null=True)),
                ('worker', models.CharField(blank=True, default='', editable=False, max_length=100)),
                ('attempt', models.PositiveSmallIntegerField(default=1, editable=False)),
                ('max_attempts', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)])),
                ('reason_code', models.CharField(blank=True, default='', editable=False, max_length=100)),
                ('reason', models.TextField(blank=True, default='', editable=False)),
                ('inputs', models.JSONField(default=list, editable=False)),
                ('idempotency_key', models.CharField(editable=False, max_length=200, null=True)),
                ('asked_digest', models.CharField(blank=True, default='', editable=False, max_length=64)),
                ('run_id', models.CharField(blank=True, max_length=100, null=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9._:/@+-]{1,100}\\Z', 'A code: ASCII letters, digits and . _ : / @ + -, no spaces.')])),
                ('trace_id', models.CharField(blank=True, max_length=32, null=True, validators=[django.core.validators.RegexValidator('^[0-9a-f]{32}\\Z', 'A trace id: 32 hex digits in lower case.')])),
                ('pending_at', models.DateTimeField(editable=False, null=True)),
                ('in_progress_at', models.DateTimeField(editable=False, null=True)),
                ('input_required_at', models.DateTimeField(editable=False, null=True)),
                ('completed_at', models.DateTimeField(editable=False, null=True)),
                ('rejected_at', models.DateTimeField(editable=False, null=True)),
                ('failed_at', models.DateTimeField(editable=False, null=True)),
                ('canceled_at', models.DateTimeField(editable=False, null=True)),
                ('expired_at', models.DateTimeField(editable=False, null=True)),
                ('from_agent', models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='handed_over', to='agents.agent')),
                ('parent', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='children', to='agents.handoff')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='handoffs', to='sentinel.project')),
                ('to_agent', models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='received', to='agents.agent')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='AgentMemory',
            fields=[
                ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('kind', models.CharField(max_length=50, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9_]{0,49}\\Z', 'Lower-case letters, digits and _, a letter first.')])),
                ('key', models.CharField(max_length=200)),
                ('value', models.JSONField()),
                ('scope', models.CharField(default='project', help_text='Where it holds: the whole project, a context, a client.', max_length=200)),
                ('valid_from', models.DateTimeField()),
                ('valid_to', models.DateTimeField(blank=True, null=True)),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memories', to='agents.agent')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sentinel.project')),
                ('superseded_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='supersedes', to='agents.agentmemory')),
                ('handoff', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='memories', to='agents.handoff')),
            ],
            options={
                'verbose_name_plural': 'agent memories',
                'ordering': ['-valid_from', '-id'],
            },
        ),
        migrations.CreateModel(
            name='HandoffEvent',
            fields=[
                ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('action', models.CharField(max_length=30)),
                ('status', models.CharField(choices=[('PENDING', 'Pending'), ('IN_PROGRESS', 'In progress'), ('INPUT_REQUIRED', 'Input required'), ('COMPLETED', 'Completed'), ('REJECTED', 'Rejected'), ('FAILED', 'Failed'), ('CANCELED', 'Canceled'), ('EXPIRED', 'Expired')], max_length=14)),
                ('attempt', models.PositiveSmallIntegerField()),
                ('reason', models.TextField(blank=True, default='')),
                ('facts', models.JSONField(default=dict)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('handoff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='agents.handoff')),
                ('key', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='sentinel.apikey')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='HandoffResult',
            fields=[
                ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('attempt', models.PositiveSmallIntegerField()),
                ('lease_id', models.UUIDField(null=True)),
                ('worker', models.CharField(blank=True, default='', max_length=100)),
                ('result', models.JSONField()),
                ('late', models.BooleanField(default=False)),
                ('late_reason', models.CharField(blank=True, default='', max_length=20)),
                ('handoff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='results', to='agents.handoff')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='PayloadType',
            fields=[
                ('id', models.UUIDField(default=config.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('name', models.CharField(max_length=50, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9_]{0,49}\\Z', 'Lower-case letters, digits and _, a letter first.')])),
                ('version', models.PositiveIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1)])),
                ('description', models.TextField(blank=True, default='')),
                ('schema', models.JSONField(help_text="JSON Schema, of the same closed subset as a prompt's variables.")),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='payload_types', to='sentinel.project')),
            ],
            options={
                'ordering': ['name', '-version'],
            },
        ),
        migrations.AddField(
            model_name='handoff',
            name='payload_type',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='handoffs', to='agents.payloadtype'),
        ),
        migrations.AddConstraint(
            model_name='agent',
            constraint=models.UniqueConstraint(fields=('project', 'code'), name='one_agent_code'),
        ),
        migrations.AddIndex(
            model_name='agentmemory',
            index=models.Index(fields=['agent', '-valid_from'], name='memory_by_time'),
        ),
        migrations.AddConstraint(
            model_name='agentmemory',
            constraint=models.UniqueConstraint(condition=models.Q(('superseded_by', None)), fields=('agent', 'kind', 'key', 'scope'), name='one_standing_memory'),
        ),
        migrations.AddConstraint(
            model_name='agentmemory',
            constraint=models.CheckConstraint(condition=models.Q(('valid_to', None), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='memory_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='handoffresult',
            constraint=models.UniqueConstraint(condition=models.Q(('late', False)), fields=('handoff',), name='one_result_in_time'),
        ),
        migrations.AddConstraint(
            model_name='payloadtype',
            constraint=models.UniqueConstraint(fields=('project', 'name', 'version'), name='one_payload_type'),
        ),
        migrations.AddIndex(
            model_name='handoff',
            index=models.Index(models.F('to_agent'), models.F('priority'), models.OrderBy(models.F('deadline'), nulls_last=True), models.F('id'), condition=models.Q(('status__in', ['PENDING', 'IN_PROGRESS'])), name='handoffs_in_turn'),
        ),
        migrations.AddIndex(
            model_name='handoff',
            index=models.Index(fields=['project', '-id'], name='handoffs_by_time'),
        ),
        migrations.AddIndex(
            model_name='handoff',
            index=models.Index(fields=['project', 'status', '-id'], name='handoffs_by_status'),
        ),
        migrations.AddIndex(
            model_name='handoff',
            index=models.Index(fields=['project', 'context_id', '-id'], name='handoffs_by_context'),
        ),
        migrations.AddIndex(
            model_name='handoff',
            index=models.Index(condition=models.Q(('idempotency_key__isnull', False)), fields=['project', 'idempotency_key'], name='handoffs_by_key'),
        ),
        migrations.AddIndex(
            model_name='handoff',
            index=models.Index(condition=models.Q(('status', 'IN_PROGRESS')), fields=['lease_until'], name='handoffs_by_lease'),
        ),
        migrations.AddIndex(
            model_name='handoff',
            index=models.Index(condition=models.Q(('status__in', ('PENDING', 'IN_PROGRESS', 'INPUT_REQUIRED'))), fields=['deadline'], name='handoffs_by_deadline'),
        ),
        migrations.AddConstraint(
            model_name='handoff',
            constraint=models.UniqueConstraint(fields=('project', 'task_id'), name='one_task_id'),
        ),
        migrations.AddConstraint(
            model_name='handoff',
            constraint=models.CheckConstraint(condition=models.Q(('hop_count__range', (1, 10))), name='hops_in_range'),
        ),
        migrations.AddConstraint(
            model_name='handoff',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['PENDING', 'IN_PROGRESS', 'INPUT_REQUIRED', 'COMPLETED', 'REJECTED', 'FAILED', 'CANCELED', 'EXPIRED'])), name='known_status'),
        ),
        migrations.AddConstraint(
            model_name='handoff',
            constraint=models.CheckConstraint(condition=models.Q(('priority__in', [0, 1, 2, 3])), name='known_priority'),
        ),
        migrations.AddConstraint(
            model_name='handoff',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lease_id__isnull', False), ('lease_until__isnull', False), ('status', 'IN_PROGRESS')), models.Q(models.Q(('status', 'IN_PROGRESS'), _negated=True), ('lease_id', None), ('lease_until', None)), _connector='OR'), name='lease_while_in_progress'),
        ),
    ]
