"""A button acts where its message is: in the account and the region of the ARN that SageWatch wrote into it."""

from typing import Any

import pytest
from pydantic import ValidationError

from sagewatch.slack.interactions.payloads import JobTarget, ResourceTarget, Target

THEIRS = "222233334444"
VALUES: dict[type[Target | JobTarget | ResourceTarget], dict[str, Any]] = {
    Target: {"arn": f"arn:aws:sagemaker:eu-west-1:{THEIRS}:notebook-instance/lab", "name": "lab"},
    JobTarget: {
        "arn": f"arn:aws:sagemaker:eu-west-1:{THEIRS}:training-job/xgb",
        "name": "xgb",
        "created_at": "2026-11-20T09:00:00Z",
    },
    ResourceTarget: {"arn": f"arn:aws:sagemaker:eu-west-1:{THEIRS}:endpoint/llm", "name": "llm"},
}


@pytest.mark.parametrize("kind", list(VALUES))
def test_a_button_whose_region_is_not_that_of_its_arn_is_refused(
    kind: type[Target | JobTarget | ResourceTarget],
) -> None:
    """The ARN names one place; a value that names two was not written by SageWatch."""
    given = {**VALUES[kind], "incident": "alert-1"}

    assert kind.model_validate({**given, "region": "eu-west-1"}).arn == given["arn"]
    with pytest.raises(ValidationError, match="not that of the ARN"):
        kind.model_validate({**given, "region": "us-east-1"})


def test_a_jobs_button_acts_in_the_account_of_its_arn() -> None:
    """Whatever else its value says."""
    target = JobTarget.model_validate(
        {**VALUES[JobTarget], "region": "eu-west-1", "incident": "alert-1", "account": "111122223333"}
    )

    assert target.job.scope == f"{THEIRS}/eu-west-1"
