#!/bin/bash
# SageMaker notebook lifecycle configuration, "Start notebook" script: lets SageWatch see programs in terminals.
# It writes /home/ec2-user/SageMaker/sagewatch-activity.json once a minute. It needs no permission and no network.
# Paste the output of `lifecycle/make-config.sh` into the lifecycle configuration: that is this file with the program.
set -e
target=/usr/local/bin/sagewatch_activity.py
cat > "$target" <<'PROGRAM'
@PROGRAM@
PROGRAM
# A new instance watches anew: what ran before the start is no sign of use.
rm -f /home/ec2-user/SageMaker/sagewatch-activity.json
echo "* * * * * root /usr/bin/python3 $target && chown ec2-user:ec2-user /home/ec2-user/SageMaker/sagewatch-activity.json" \
  > /etc/cron.d/sagewatch-activity
/usr/bin/python3 "$target" || true
