"""The table of the kinds of standing resource.

To add a kind, add a module to ``kinds``, its row here, and its row in ``KIND_FACTS``.
"""

from sagewatch.standing.kinds.clusters import Clusters
from sagewatch.standing.kinds.domain_files import DomainFiles
from sagewatch.standing.kinds.endpoints import Endpoints
from sagewatch.standing.kinds.feature_groups import FeatureGroups
from sagewatch.standing.kinds.mlflow_servers import MlflowServers
from sagewatch.standing.kinds.monitoring_schedules import MonitoringSchedules
from sagewatch.standing.kinds.notebooks import Notebooks
from sagewatch.standing.kinds.partner_apps import PartnerApps
from sagewatch.standing.kinds.spaces import Spaces
from sagewatch.standing.kinds.studio_apps import StudioApps
from sagewatch.standing.kinds.training_plans import TrainingPlans
from sagewatch.standing.kinds.warm_pools import WarmPools
from sagewatch.standing.ports import StandingKind

STANDING_KINDS: tuple[StandingKind, ...] = (
    Notebooks(),
    Endpoints(),
    StudioApps(),
    Spaces(),
    MlflowServers(),
    Clusters(),
    WarmPools(),
    TrainingPlans(),
    FeatureGroups(),
    MonitoringSchedules(),
    DomainFiles(),
    PartnerApps(),
)
