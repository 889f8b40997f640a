"""An endpoint on moto, over HTTP: deleted with its recipe in DynamoDB, restored, and described as before."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from sagewatch.adapters.dynamodb.recipes import DynamoRecipes
from sagewatch.adapters.sagemaker.endpoint_changes import SageMakerEndCalls, SageMakerEndpointChanges
from sagewatch.errors import AccessDeniedError, StopRefusedError, ThrottledError
from sagewatch.standing.endpoints.actions import EndpointActions
from sagewatch.standing.endpoints.recipe import Recipe
from sagewatch.standing.endpoints.steps import Ended
from sagewatch.standing.resources import EndCall
from tests.worlds.aws import Aws
from tools.operator.deploy.remove import kept_recipes

REGION, NAME = "eu-north-1", "restored"
RESOURCE = f"endpoint/{NAME}/variant/blue"
PLACE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": RESOURCE,
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
TIMES = {"CreationTime", "LastModifiedTime", "ResponseMetadata", "PolicyARN", "ScalableTargetARN", "ScheduledActionARN"}


@pytest.fixture
def clients(aws: Aws) -> tuple[Any, Any]:
    """SageMaker with an endpoint that was scaled out and has autoscaling, and Application Auto Scaling."""
    sagemaker, scaling = aws.client("sagemaker", REGION), aws.client("application-autoscaling", REGION)
    role = "arn:aws:iam::123456789012:role/SageMaker"
    sagemaker.create_model(
        ModelName="m", ExecutionRoleArn=role, PrimaryContainer={"Image": "i", "ModelDataUrl": "s3://b/m"}
    )
    variant = {"VariantName": "blue", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(
        EndpointConfigName="c", ProductionVariants=[{**variant, "InitialVariantWeight": 1.0}]
    )
    tags = [{"Key": "owner", "Value": "ana"}]
    sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName="c", Tags=tags)
    sizes = [{"VariantName": "blue", "DesiredWeight": 0.5, "DesiredInstanceCount": 3}]
    sagemaker.update_endpoint_weights_and_capacities(EndpointName=NAME, DesiredWeightsAndCapacities=sizes)
    scaling.register_scalable_target(**PLACE, MinCapacity=1, MaxCapacity=4)
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    tracking = {"TargetValue": 70.0, "PredefinedMetricSpecification": metric}
    scaling.put_scaling_policy(
        **PLACE,
        PolicyName="load",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=tracking,
    )
    night = {"Schedule": "cron(0 20 * * ? *)", "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 1}}
    scaling.put_scheduled_action(**PLACE, ScheduledActionName="night", **night)
    return sagemaker, scaling


def described(sagemaker: Any, scaling: Any) -> Mapping[str, Any]:
    """Every field of Describe but times and the ARNs that AWS makes new; tags, and all of autoscaling."""
    endpoint = sagemaker.describe_endpoint(EndpointName=NAME)
    by = {"ServiceNamespace": "sagemaker", "ResourceId": RESOURCE}
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[RESOURCE])["ScalableTargets"]
    return {
        "endpoint": {name: value for name, value in endpoint.items() if name not in TIMES},
        "tags": sagemaker.list_tags(ResourceArn=endpoint["EndpointArn"])["Tags"],
        "targets": [_timeless(each) for each in targets],
        "policies": [_timeless(each) for each in scaling.describe_scaling_policies(**by)["ScalingPolicies"]],
        "actions": [_timeless(each) for each in scaling.describe_scheduled_actions(**by)["ScheduledActions"]],
    }


def _timeless(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Alarms of target tracking are AWS's own, and are made with the policy."""
    return {name: value for name, value in fields.items() if name not in {*TIMES, "Alarms"}}


def test_an_endpoint_is_described_as_before_once_it_is_restored(
    aws: Aws, tables: tuple[str, str], clients: tuple[Any, Any]
) -> None:
    """Autoscaling included; while it is deleted nothing of it is left."""
    sagemaker, scaling = clients
    recipes = DynamoRecipes(aws.client("dynamodb"), tables[1])
    actions = EndpointActions(
        api=SageMakerEndpointChanges(sagemaker, scaling),
        recipes=recipes,
        clock=lambda: datetime(2026, 11, 27, 9, 30, tzinfo=UTC),
        wait=lambda: False,
    )
    before = described(sagemaker, scaling)
    deleted = actions.delete(NAME, by="U0ANA")

    assert (deleted.ended, deleted.reason) == (Ended.DONE, "deleted; its recipe is kept, and its configuration c stays")
    assert sagemaker.list_endpoints(NameContains=NAME)["Endpoints"] == []
    assert (
        scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[RESOURCE])["ScalableTargets"] == []
    )

    [recipe] = recipes.all(f"{recipe_scope(before)}")
    restored = actions.restore(recipe)

    assert (restored.ended, restored.reason) == (Ended.DONE, "restored, and equal to its recipe")
    assert described(sagemaker, scaling) == before
    assert recipes.all(recipe_scope(before)) == []


def test_remove_finds_the_recipes_of_every_region(aws: Aws, tables: tuple[str, str]) -> None:
    """They are lost with the stack. A table that is gone has none."""
    client = aws.client("dynamodb")
    recipes = DynamoRecipes(client, tables[1])
    for region in ("us-east-1", "eu-west-1"):
        recipes.save(Recipe(name="llm", arn=f"arn:aws:sagemaker:{region}:123456789012:endpoint/llm", config_name="c"))

    assert sorted(kept_recipes(client, tables[1])) == ["llm in eu-west-1", "llm in us-east-1"]
    assert list(kept_recipes(client, "gone")) == []


def recipe_scope(before: Mapping[str, Any]) -> str:
    """The account and the region of the endpoint."""
    _, _, _, region, account, _ = before["endpoint"]["EndpointArn"].split(":")
    return f"{account}/{region}"


@pytest.mark.parametrize(
    ("code", "raises"),
    [
        ("ConflictException", StopRefusedError),
        ("ResourceInUse", StopRefusedError),
        ("ThrottlingException", ThrottledError),
        ("AccessDeniedException", AccessDeniedError),
    ],
)
def test_what_aws_answers_to_the_one_call_that_ends_a_bill(code: str, raises: type[Exception]) -> None:
    """A state in which it refuses is no passing error: the person learns it at once."""
    client: Any = boto3.client("sagemaker", REGION, aws_access_key_id="1", aws_secret_access_key="2")
    stop = EndCall("StopMlflowTrackingServer", {"TrackingServerName": "experiments"})
    with Stubber(client) as stubbed:
        stubbed.add_client_error("stop_mlflow_tracking_server", code, "it is Updating")
        with pytest.raises(raises, match="sagemaker:StopMlflowTrackingServer"):
            SageMakerEndCalls(lambda _: client).end(REGION, stop)


def test_an_app_that_is_gone_is_none_to_end() -> None:
    """SageMaker answers so in one of two ways."""
    client: Any = boto3.client("sagemaker", REGION, aws_access_key_id="1", aws_secret_access_key="2")
    app = {"DomainId": "d-1", "AppType": "Canvas", "AppName": "default", "UserProfileName": "ana"}
    with Stubber(client) as stubbed:
        stubbed.add_client_error("delete_app", "ResourceNotFound", "gone")
        stubbed.add_response("delete_app", {}, app)
        ends = SageMakerEndCalls(lambda _: client)

        assert (ends.end(REGION, EndCall("DeleteApp", app)), ends.end(REGION, EndCall("DeleteApp", app))) == (
            False,
            True,
        )
