"""Every table in one place: importing this module imports each part's `models`."""

from __future__ import annotations

import registry.accounts.models
import registry.amendments.models
import registry.appeals.models
import registry.cases.models
import registry.checks.models
import registry.entries.models
import registry.erasures.models
import registry.findings.models
import registry.invitations.models
import registry.keys.models
import registry.log.models
import registry.mandates.models
import registry.members.models
import registry.notices.models
import registry.orders.models
import registry.panels.models
import registry.recalls.models
import registry.reports.models
import registry.restraints.models
import registry.reviews.models
import registry.watches.models
from registry.db import Base

__all__ = ["Base", "registry"]
