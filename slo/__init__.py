"""Service level objectives: OpenSLO files read, Prometheus rules generated. Pure."""
