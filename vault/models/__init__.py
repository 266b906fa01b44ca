from vault.models.clients import Client
from vault.models.labels import Label, LabelMove
from vault.models.learning import EngagementReport, UsageReport
from vault.models.prompts import Prompt
from vault.models.settings import VaultSettings
from vault.models.versions import Version

__all__ = ["Client", "EngagementReport", "Label", "LabelMove", "Prompt", "UsageReport", "VaultSettings", "Version"]
