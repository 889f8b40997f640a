#!/bin/bash
# SageMaker notebook lifecycle configuration, "Start notebook" script: lets SageWatch see programs in terminals.
# It writes /home/ec2-user/SageMaker/sagewatch-activity.json once a minute. It needs no permission and no network.
# Paste the output of `lifecycle/make-config.sh` into the lifecycle configuration: that is this file with the program.
set -e
target=/usr/local/bin/sagewatch_activity.py
cat > "$target" <<'PROGRAM'
@PROGRAM@
PROGRAM
# A new instance begins to watch again: what ran before the start is no sign of use.
rm -f /home/ec2-user/SageMaker/sagewatch-activity.json
# A timer of systemd, because Amazon Linux 2023 installs no cron. Without it the notebook starts all the same.
systemctl stop sagewatch-activity.timer 2>/dev/null || true
systemd-run --unit sagewatch-activity --on-calendar '*-*-* *:*:00' --timer-property AccuracySec=5s \
  /bin/sh -c "/usr/bin/python3 $target && chown ec2-user:ec2-user /home/ec2-user/SageMaker/sagewatch-activity.json" || true
/usr/bin/python3 "$target" || true
