"""The release controller: moves traffic between the colours of a twin, on evidence alone.

Thin kopf handlers over a pure `decide(spec, observed, verdicts, clock)`. It never imports pulumi;
the `TrafficSwitch` custom resource is all that it shares with the program.
"""
