{{/* Labels of every object: dict "root" $ "component" "injector". */}}
{{- define "lanekeeper.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/part-of: lanekeeper
{{ include "lanekeeper.selector" . }}
{{- end }}

{{/* What selects a component's pods; a Deployment's selector can never be changed, so nothing of a version is in it. */}}
{{- define "lanekeeper.selector" -}}
app.kubernetes.io/name: lanekeeper
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* An image: dict "root" $ "program" "control-plane" "digest" "sha256:…". */}}
{{- define "lanekeeper.image" -}}
{{- $image := .root.Values.image -}}
{{- with $image.registry }}{{ . }}/{{ end }}{{ with $image.repository }}{{ . }}/{{ end }}{{ .program }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- with .digest }}@{{ . }}{{ end }}
{{- end }}

{{/* What every container of ours may do: as little as PodSecurity's restricted profile asks for, and no writing to its root. */}}
{{- define "lanekeeper.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- end }}

{{/* The part of a pod spec that both programs share: dict "root" $ "component" "injector". */}}
{{- define "lanekeeper.podSpec" -}}
{{- $root := .root -}}
serviceAccountName: lanekeeper-{{ .component }}
# Variables of Services would be taken for settings.
enableServiceLinks: false
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with $root.Values.pods.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $root.Values.pods.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.pods.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.pods.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
# A wish, not a condition: on one node both replicas run on it.
topologySpreadConstraints:
  {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - topologyKey: {{ $key }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "lanekeeper.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}

{{/* Probes of the status port, the same for both programs. */}}
{{- define "lanekeeper.probes" -}}
startupProbe:
  httpGet: { path: /live, port: http-status }
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /live, port: http-status }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /ready, port: http-status }
  periodSeconds: 3
  timeoutSeconds: 3
  failureThreshold: 2
{{- end }}

{{/* nacos.yaml: the registries as the values have them, with files in the place of Secrets. */}}
{{- define "lanekeeper.nacosFile" -}}
{{- $names := list -}}
registries:
{{- range .Values.nacos.registries }}
  {{- if has .name $names }}{{ fail (printf "nacos.registries: %s names two of them; give each a name of its own" .name) }}{{ end }}
  {{- $names = append $names .name -}}
  {{- $registry := omit . "passwordSecret" "caSecret" -}}
  {{- $folder := printf "/var/run/lanekeeper/nacos/%s" .name -}}
  {{- if .passwordSecret }}{{ $_ := set $registry "passwordFile" (printf "%s/password" $folder) }}{{ end -}}
  {{- if and .tls .caSecret }}{{ $_ := set $registry "tls" (dict "caFile" (printf "%s/ca.crt" $folder)) }}{{ end }}
  - {{- toYaml $registry | nindent 4 }}
{{- end }}
{{- end }}

{{/* What is mounted at /var/run/lanekeeper/nacos. Keys are named, so that the pod waits until the Secrets have them. */}}
{{- define "lanekeeper.nacosVolume" -}}
name: nacos
projected:
  sources:
    - configMap:
        name: lanekeeper-nacos
        items:
          - { key: nacos.yaml, path: nacos.yaml }
    {{- range .Values.nacos.registries }}
    {{- if .passwordSecret }}
    - secret:
        name: {{ .passwordSecret }}
        items:
          - { key: password, path: {{ .name }}/password }
    {{- end }}
    {{- if .caSecret }}
    - secret:
        name: {{ .caSecret }}
        items:
          - { key: ca.crt, path: {{ .name }}/ca.crt }
    {{- end }}
    {{- end }}
{{- end }}
