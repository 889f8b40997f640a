#!/bin/bash
# Print the lifecycle script with the program inside: on-start.sh and sagewatch_activity.py in one.
# With --base64, print it as `aws sagemaker create-notebook-instance-lifecycle-config --on-start Content=...` takes it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
whole() { sed -e "/^@PROGRAM@$/{r $here/sagewatch_activity.py" -e "d}" "$here/on-start.sh"; }
if [ "${1:-}" = --base64 ]; then whole | base64 | tr -d '\n'; else whole; fi
