"""The kind TrafficSwitch, as lightkube is told of it."""

from __future__ import annotations

from typing import Any, cast

from lightkube import generic_resource

from cli.views import GROUP

TrafficSwitch: Any = cast("Any", generic_resource).create_namespaced_resource(
    GROUP, "v1alpha1", "TrafficSwitch", "trafficswitches"
)
"""The custom resource, read as a plain mapping."""
