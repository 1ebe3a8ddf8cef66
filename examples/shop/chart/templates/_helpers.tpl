{{/* What every object of the colour carries. Argument: (list root name) */}}
{{- define "shop.labels" -}}
app.kubernetes.io/name: {{ index . 1 }}
app.kubernetes.io/part-of: shop
switchyard.dev/twin: {{ (index . 0).Values.twin }}
switchyard.dev/colour: {{ (index . 0).Values.colour }}
{{- end }}

{{/* How pods of a service are found: by name alone, for a namespace holds one colour. */}}
{{- define "shop.selector" -}}
app.kubernetes.io/name: {{ index . 1 }}
{{- end }}

{{- define "shop.annotations" -}}
{{- with .Values.revision -}}
switchyard.dev/revision: {{ . | quote }}
{{- end }}
{{- end }}

{{/* The restricted Pod Security Standard, for pod and container. */}}
{{- define "shop.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "shop.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "shop.probes" -}}
startupProbe:
  httpGet: {path: /livez, port: http}
  periodSeconds: 1
  failureThreshold: 60
readinessProbe:
  httpGet: {path: /readyz, port: http}
  periodSeconds: 1
  timeoutSeconds: 2
  failureThreshold: 2
livenessProbe:
  httpGet: {path: /livez, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}

{{/* Where the database is, for pgx: credentials come from the Secret and are never rendered. */}}
{{- define "shop.databaseEnv" -}}
{{- $secret := .Values.database.secretName -}}
- name: PGHOST
  value: {{ .Values.database.host | default (printf "postgres.%s.svc" .Values.twin) }}
- name: PGPORT
  value: {{ .Values.database.port | quote }}
- name: PGUSER
{{- if .Values.database.user }}
  value: {{ .Values.database.user }}
{{- else }}
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: username}}
{{- end }}
- name: PGDATABASE
{{- if .Values.database.name }}
  value: {{ .Values.database.name }}
{{- else }}
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: database}}
{{- end }}
- name: PGPASSWORD
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: password}}
{{- end }}

{{/* The gateway's proxies, as Envoy Gateway labels them. */}}
{{- define "shop.gatewayPeer" -}}
- namespaceSelector:
    matchLabels: {kubernetes.io/metadata.name: {{ .Values.network.gatewayNamespace }}}
  podSelector:
    matchLabels: {app.kubernetes.io/managed-by: envoy-gateway, app.kubernetes.io/component: proxy}
{{- end }}

{{/* DNS: to anywhere, for a cluster's resolver may be a pod or a process of the node. */}}
{{- define "shop.dnsEgress" -}}
- ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
{{- end }}
