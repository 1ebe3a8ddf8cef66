"""What Pulumi provisions: one noun a file; the cluster's own controllers do the rest.

Deliberately not here: routes and weights (the release controller writes them), the contents of the
environments and of the add-ons (Argo CD reconciles them from Git).
"""
