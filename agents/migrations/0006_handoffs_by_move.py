"""What moved last is found without sorting all that ever was handed over."""

import django.db.models.functions.comparison
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Work is handed over while the index is made.
    atomic = False

    dependencies = [("agents", "0005_pending_counts")]

    operations = [
        AddIndexConcurrently(
            model_name="handoff",
            index=models.Index(
                models.F("project"),
                models.OrderBy(
                    django.db.models.functions.comparison.Greatest(
                        "created_at", "pending_at", "in_progress_at", "input_required_at", "completed_at",
                        "rejected_at", "failed_at", "canceled_at", "expired_at",
                    ),
                    descending=True,
                ),
                models.OrderBy(models.F("id"), descending=True),
                name="handoffs_by_move",
            ),
        ),
    ]
