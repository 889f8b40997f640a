"""The only package that names adapters: it gives every function what it needs, once per execution environment."""

from sagewatch.wiring.clients import Pace as Pace
from sagewatch.wiring.clients import now as now
from sagewatch.wiring.digest import send_digest as send_digest
from sagewatch.wiring.jobs import deliver_alert as deliver_alert
from sagewatch.wiring.jobs import record_job as record_job
from sagewatch.wiring.jobs import refresh_prices as refresh_prices
from sagewatch.wiring.jobs import sweep_jobs as sweep_jobs
from sagewatch.wiring.notebooks import answer_slack as answer_slack
from sagewatch.wiring.notebooks import sweep_notebooks as sweep_notebooks
from sagewatch.wiring.notebooks import track_notebook as track_notebook
from sagewatch.wiring.operator import backfill as backfill
from sagewatch.wiring.operator import meter as meter
from sagewatch.wiring.operator import spending as spending
from sagewatch.wiring.roles import ADAPTERS as ADAPTERS
