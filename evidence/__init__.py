"""Signed statements about a release, one kind a file: who made them, and whether they hold.

`override` lets a release pass an exhausted error budget; `dsse` signs and verifies for all kinds.
Producers of the other verdicts (contracts, replay, posture, …) are still to come.
"""
