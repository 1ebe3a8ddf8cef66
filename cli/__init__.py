"""The command line `switchyard`: reads the cluster, tells the controller, drives the engine."""
