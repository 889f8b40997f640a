"""Events become jobs, or a refusal that names what is wrong."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagewatch.errors import MalformedEventError
from sagewatch.sagemaker.events import read_body, read_job_event
from sagewatch.sagemaker.job_models import read_job
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.notebook_models import read_notebook_event
from sagewatch.sagemaker.resources import InstanceGroup, JobStatus
from sagewatch.sagemaker.tags import parent_of
from tests.worlds.builders import ACCOUNT, EVENTS, an_event, event_of


def test_a_captured_training_event_is_read_whole() -> None:
    """Names keep their case, ARNs are in lower case, tags and times are typed."""
    job = read_job_event(an_event("training-job-failed"))

    assert job.kind is ResourceKind.TRAINING
    assert job.name == "Fraud-XGB-02"
    assert job.arn == f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/fraud-xgb-02"
    assert job.status is JobStatus.FAILED
    assert job.created_at == datetime(2026, 11, 20, 9, 20, tzinfo=UTC)
    assert job.groups == (InstanceGroup("ml.m5.xlarge", 2),)
    assert job.tags == {"team": "risk", "sagewatch:owner": "ana@example.com"}
    assert job.billable_seconds is None


@pytest.mark.parametrize("path", sorted(EVENTS.glob("[pt]*-job-*.json")), ids=lambda path: path.stem)
def test_every_captured_event_is_understood(path: Any) -> None:
    """The corpus is what the parser is for."""
    assert read_job_event(json.loads(path.read_text(encoding="utf-8"))).created_at


def test_the_spelling_of_times_and_tags_does_not_matter() -> None:
    """String epochs and a list of tags read as integers and an object do."""
    told = read_job_event(an_event("training-job-string-times"))
    same = read_job_event(an_event("training-job-completed"))

    assert (told.created_at, told.started_at, told.ended_at) == (same.created_at, same.started_at, same.ended_at)
    assert told.tags == {"owner": "ana@example.com"}


def test_iso_times_with_a_zone_are_read_as_utc() -> None:
    """The documentation's transform samples."""
    job = read_job_event(an_event("transform-job-completed-iso-times"))

    assert job.started_at == datetime(2026, 11, 20, 10, 2, 0, 500000, tzinfo=UTC)


def test_account_and_region_come_from_the_envelope() -> None:
    """The documentation's samples disagree with themselves about those in ``resources``."""
    elsewhere = ["arn:aws:sagemaker:us-west-2:123456789012:training-job/kmeans"]
    event = event_of(an_event("training-job-completed"), region="eu-west-1", account="444455556666")

    job = read_job_event(event | {"resources": elsewhere})
    assert (job.region, job.account) == ("eu-west-1", "444455556666")


@pytest.mark.parametrize("forged", [{"account": "444455556666"}, {"region": "eu-west-1"}])
@pytest.mark.parametrize("name", ["training-job-completed", "processing-job-failed", "notebook-instance-stopped"])
def test_an_arn_of_another_account_or_region_is_rejected(name: str, forged: dict[str, str]) -> None:
    """Only the envelope is EventBridge's own: an account could name another account's job in its event."""
    read = read_notebook_event if name.startswith("notebook") else read_job_event
    with pytest.raises(MalformedEventError, match="not of account"):
        read(an_event(name) | forged)


def test_a_parent_of_another_account_is_rejected() -> None:
    """SageWatch would ask that account for its tags."""
    parent = "arn:aws:sagemaker:us-east-1:444455556666:hyper-parameter-tuning-job/theirs"
    with pytest.raises(MalformedEventError, match="not of account"):
        read_job_event(an_event("training-job-completed", TuningJobArn=parent))


def test_a_missing_arn_is_built_of_the_envelope_and_the_name() -> None:
    """In lower case, as AWS writes it."""
    job = read_job_event(an_event("training-job-completed", TrainingJobArn=None))

    assert job.arn == f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/fraud-xgb-01"


def test_a_heterogeneous_cluster_has_all_its_groups() -> None:
    """InstanceType and InstanceCount are absent there."""
    job = read_job_event(an_event("training-job-instance-groups"))

    assert job.groups == (InstanceGroup("ml.g5.xlarge", 2), InstanceGroup("ml.c5.2xlarge", 4))


def test_only_a_completed_job_keeps_where_its_output_lies() -> None:
    """A failed one names an artifact that is not there."""
    assert read_job_event(an_event("training-job-completed")).output_uri == (
        "s3://example-bucket/models/Fraud-XGB-01/output/model.tar.gz"
    )
    assert read_job_event(an_event("processing-job-completed")).output_uri == "s3://example-bucket/features"
    assert read_job_event(an_event("transform-job-completed")).output_uri == "s3://example-bucket/scores"
    assert read_job_event(an_event("transform-job-failed")).output_uri is None


def test_a_processing_job_may_give_its_reason_as_an_exit_message() -> None:
    """ExitMessage is separate from FailureReason."""
    event = an_event("processing-job-failed", FailureReason=None, ExitMessage="disk full")

    assert read_job_event(event).failure_reason == "disk full"


def test_aws_own_debugger_rules_are_known_by_their_image() -> None:
    """A customer's rule evaluator has a longer name."""
    own = "503895931360.dkr.ecr.us-east-1.amazonaws.com/sagemaker-debugger-rules:latest"
    custom = "503895931360.dkr.ecr.us-east-1.amazonaws.com/sagemaker-debugger-rule-evaluator:latest"

    assert read_job_event(an_event("processing-job-completed", AppSpecification={"ImageUri": own})).builtin_rule
    assert not read_job_event(an_event("processing-job-completed", AppSpecification={"ImageUri": custom})).builtin_rule


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"TrainingJobName": None}, "TrainingJobName"),
        ({"TrainingJobName": "../../etc"}, "TrainingJobName"),
        ({"TrainingJobStatus": 7}, "TrainingJobStatus"),
        ({"TrainingJobArn": "training-job/x"}, "TrainingJobArn"),
        ({"TrainingStartTime": "soon"}, "TrainingStartTime"),
        ({"Tags": "team=risk"}, "Tags"),
        ({"CreationTime": 10**400}, "CreationTime"),
    ],
)
def test_a_broken_detail_is_refused_by_the_name_of_its_field(change: dict[str, Any], named: str) -> None:
    """And without its value, which may be a customer's."""
    with pytest.raises(MalformedEventError, match=named) as refusal:
        read_job_event(an_event("training-job-failed", **change))
    assert "etc" not in str(refusal.value)


def test_an_unknown_status_is_no_end() -> None:
    """AWS adds statuses. A job in one of them stays open until its end is known."""
    job = read_job_event(an_event("training-job-failed", TrainingJobStatus="Paused"))

    assert (job.status, job.status.ended, job.status.deleting) == (JobStatus.UNKNOWN, False, False)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"detail-type": "SageMaker Endpoint State Change"}, "not a job state change"),
        ({"detail-type": None}, "detail-type"),
        ({"region": "us-east-1.evil.example.com"}, "region"),
        ({"account": "me"}, "account"),
        ({"detail": "Failed"}, "detail"),
    ],
)
def test_a_broken_envelope_is_refused_by_the_name_of_its_field(change: dict[str, Any], named: str) -> None:
    """A region becomes part of a host name, so it has to look like one."""
    with pytest.raises(MalformedEventError, match=named):
        read_job_event(an_event("training-job-failed") | change)


def test_an_event_without_a_name_is_refused() -> None:
    """The ARN is in lower case, so no name can be taken from it."""
    event = an_event("training-job-failed")
    del event["detail"]["TrainingJobName"]

    with pytest.raises(MalformedEventError, match="TrainingJobName: Field required"):
        read_job_event(event)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=9) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = sorted(an_event("training-job-failed")["detail"])


@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=4))
def test_whatever_a_field_holds_the_outcome_is_typed(changes: dict[str, Any]) -> None:
    """A job or a MalformedEventError, nothing else."""
    try:
        read_job_event(an_event("training-job-failed", **changes))
    except MalformedEventError:
        return


def test_a_describe_answer_is_read_by_the_same_model() -> None:
    """With the fields that no event carries."""
    answer = {
        "TrainingJobName": "Spot-01",
        "TrainingJobStatus": "Completed",
        "CreationTime": datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
        "BillableTimeInSeconds": 120,
        "TrainingTimeInSeconds": 600,
        "EnableManagedSpotTraining": True,
        "ResourceConfig": {"TrainingPlanArn": "arn:plan", "KeepAlivePeriodInSeconds": 600},
        "TuningJobArn": "arn:tuner",
        "WarmPoolStatus": {"Status": "Terminated", "ResourceRetainedBillableTimeInSeconds": 600},
    }
    job = read_job(ResourceKind.TRAINING, answer, account=ACCOUNT, region="us-east-1")

    assert (job.billable_seconds, job.training_seconds, job.spot) == (120, 600, True)
    assert (job.warm_pool_status, job.warm_pool_seconds, job.warm_pool_runs) == ("Terminated", 600, False)
    assert (job.training_plan_arn, job.keep_alive_seconds, job.parent_arn) == ("arn:plan", 600, "arn:tuner")


def test_an_automl_jobs_tuning_children_belong_to_the_automl_job() -> None:
    """No API says which AutoML job a tuning job belongs to, so its training jobs have to."""
    arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:"
    parents = {"TuningJobArn": f"{arn}hyper-parameter-tuning-job/Churn-1", "AutoMLJobArn": f"{arn}automl-job/Churn"}
    job = read_job_event(an_event("training-job-completed", **parents))

    assert job.parent_arn == f"{arn}automl-job/churn"


def test_a_parents_arn_is_in_the_case_of_its_own_row() -> None:
    """Rows are in lower case; a roll-up looks for its children by that ARN."""
    arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:hyper-parameter-tuning-job/My-HPO"
    job = read_job_event(an_event("training-job-failed", TuningJobArn=arn))
    pipeline = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:pipeline/My-Steps/execution/x"
    step = read_job_event(an_event("training-job-failed", Tags={"sagemaker:pipeline-execution-arn": pipeline}))

    assert job.parent_arn == arn.lower()
    assert parent_of(step) == pipeline.lower()


def test_half_of_a_character_is_refused() -> None:
    """JSON may escape one; an alert's identity and a table cannot hold it."""
    event = an_event("transform-job-completed", TransformResources={"InstanceType": "ml.\ud800", "InstanceCount": 1})

    with pytest.raises(MalformedEventError, match="half of a character"):
        read_job_event(read_body(json.dumps(event)))
