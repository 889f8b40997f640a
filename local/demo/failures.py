"""More kinds of failure for `make demo`: each has another cause and another next step than those of the day."""

from collections.abc import Sequence

from local.demo.builders import Run, processing, training
from local.demo.player import PlayedJob

_ANA = {"sagewatch:owner": "ana@example.com", "team": "risk"}
_BO = {"owner": "bo@example.com", "team": "vision"}
_CHI = {"Owner": "chi@example.com", "team": "ads"}
_SCRIPT = 'AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage ""\nCommand "python train.py --epochs 3"'


def _traceback(error: str, line: str) -> tuple[str, ...]:
    return (
        "epoch 3 of 10",
        "Traceback (most recent call last):",
        '  File "/opt/ml/code/train.py", line 61, in <module>',
        f"    {line}",
        *error.split("\n"),
        "2026-11-25 10:31:22,123 sagemaker-training-toolkit ERROR    Reporting training FAILURE",
    )


_FAILED = "Failed"
_IMAGE = "Cannot pull algorithm container. Either the image does not exist or its permissions are incorrect."
_ROUTE = (
    "Please ensure that the subnet's route table has a route to an S3 VPC endpoint or a NAT device, and both the"
    " security groups and the subnet's network ACL allow outbound traffic to S3"
)
_FULL = _traceback(
    "OSError: [Errno 28] No space left on device: '/opt/ml/checkpoints/12.pt'", "torch.save(state, path)"
)
_GATED = _traceback(
    "huggingface_hub.errors.GatedRepoError: 403 Client Error.\n"
    "Forbidden for url: https://huggingface.co/meta/llama/resolve/main/config.json",
    "model = load(name)",
)
_ECC = _traceback("RuntimeError: CUDA error: uncorrectable ECC error encountered", "loss.backward()")
_MISSING = _traceback("ModuleNotFoundError: No module named 'gensim'", "import gensim")
_NOT_EXECUTABLE = ("[FATAL tini (7)] exec train failed: Permission denied",)


def other_failures() -> Sequence[PlayedJob]:
    """Nine causes: disk, image, entry point, network, hardware, a gated model, spot, a package, and memory.

    The job that was short of memory has a family whose runs worked on a larger instance.
    """
    small, gpu, gpus = {"ml.m5.xlarge": 1}, {"ml.g5.xlarge": 1}, {"ml.g5.12xlarge": 1}
    return (
        *(training(f"ranker-nightly-{n}", Run.ago(30 - n, 50), {"ml.m5.4xlarge": 1}, tags=_ANA) for n in (1, 2, 3)),
        training(
            "ranker-nightly-4", Run.ago(3.1, 22), small, status=_FAILED, tags=_ANA,
            reason="AlgorithmError: , exit code: 137", log=("loading 41 files", "Killed"),
        ),
        training("bert-checkpoints", Run.ago(3.3, 140), gpu, status=_FAILED, tags=_BO, reason=_SCRIPT, log=_FULL),
        training("image-typo", Run.ago(3.5, 0), small, status=_FAILED, tags=_CHI, reason=f"ClientError: {_IMAGE}"),
        training(
            "byo-container", Run.ago(3.7, 1), small, status=_FAILED, tags=_CHI,
            reason="AlgorithmError: , exit code: 126", log=_NOT_EXECUTABLE,
        ),
        processing(
            "private-subnet", Run.ago(3.9, 8), small, status=_FAILED, tags=_ANA, reason=f"ClientError: {_ROUTE}",
        ),
        training("detr-ecc", Run.ago(4.1, 310), gpus, status=_FAILED, tags=_BO, reason=_SCRIPT, log=_ECC),
        training("llama-gated", Run.ago(4.3, 4), gpu, status=_FAILED, tags=_BO, reason=_SCRIPT, log=_GATED),
        training(
            "forecast-spot", Run.ago(4.6, 0), gpus, status="Stopped", secondary="MaxWaitTimeExceeded",
            spot=True, tags=_CHI,
        ),
        training("topic-model", Run.ago(4.8, 2), small, status=_FAILED, tags=_ANA, reason=_SCRIPT, log=_MISSING),
    )  # fmt: skip
