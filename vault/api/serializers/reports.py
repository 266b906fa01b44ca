"""How reports of engagement look from outside."""

from rest_framework import serializers

from vault.models import EngagementReport, Version


class ReportRead(serializers.ModelSerializer[EngagementReport]):
    """One report of engagement and what it made of the score."""

    version = serializers.SlugRelatedField[Version](slug_field="number", read_only=True, allow_null=True)

    class Meta:
        model = EngagementReport
        fields = (
            "id",
            "sequence",
            "version",
            "report_id",
            "resolution_id",
            "engagement_rate",
            "engagements",
            "impressions",
            "score_before",
            "score_after",
            "created_at",
        )
        read_only_fields = fields
