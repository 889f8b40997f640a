"""Idle standing resources: the message in Slack, the announced deletion of Canvas, and the calls that people confirm.

Read in this order: alerts (the message), verdicts (pure), messages (queued and edited), follow_up (what a sweep does),
look (reads one resource again), ending (the call), announced (a deletion whose time has come).
"""
