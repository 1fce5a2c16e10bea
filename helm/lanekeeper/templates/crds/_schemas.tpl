{{/* Labels, and what keeps a definition (and with it all objects) when the release goes: dict "root" $ "component" "crds". */}}
{{- define "lanekeeper.crdMetadata" -}}
labels:
  {{- include "lanekeeper.labels" . | nindent 2 }}
{{- if .root.Values.crds.keep }}
annotations:
  helm.sh/resource-policy: keep
{{- end }}
{{- end }}

{{/* Of a status: what the control plane has made of the object. */}}
{{- define "lanekeeper.crdConditions" -}}
conditions:
  type: array
  maxItems: 16
  x-kubernetes-list-type: map
  x-kubernetes-list-map-keys: [type]
  items:
    type: object
    required: [type, status, reason, message, lastTransitionTime]
    properties:
      type: { type: string, maxLength: 316 }
      status: { type: string, enum: ['True', 'False', Unknown] }
      reason: { type: string, maxLength: 1024 }
      message: { type: string, maxLength: 32768 }
      observedGeneration: { type: integer, format: int64, minimum: 0 }
      lastTransitionTime: { type: string, format: date-time }
{{- end }}

{{/* What is in force of an object whose newest generation cannot be, and what is right and may not be meant. */}}
{{- define "lanekeeper.crdReport" -}}
inForce:
  description: What stays in force while the newest generation is invalid; absent where that one is.
  type: object
  properties:
    generation: { type: integer, format: int64 }
    spec:
      description: As JSON.
      type: string
warnings:
  description: What is right and may not be meant; docs/lint has a page for each code.
  type: array
  items:
    type: object
    required: [code, message]
    properties:
      code: { type: string }
      severity: { type: string, enum: [error, warning] }
      path: { type: string }
      message: { type: string }
      fix: { type: string }
{{- end }}

{{/* One condition on a value. */}}
{{- define "lanekeeper.crdValueMatch" -}}
type: object
minProperties: 1
maxProperties: 1
properties:
  exact: { type: string, minLength: 1 }
  prefix: { type: string, minLength: 1 }
  suffix: { type: string, minLength: 1 }
  regex:
    description: RE2's syntax; it must match the whole value.
    type: string
    minLength: 1
    maxLength: 1024
  in:
    type: array
    minItems: 1
    maxItems: 1024
    items: { type: string, minLength: 1 }
  range:
    description: A number, both ends included; one of them may be left open.
    type: object
    minProperties: 1
    properties:
      from: { type: number }
      to: { type: number }
    x-kubernetes-validations:
      - rule: '!has(self.from) || !has(self.to) || self.from <= self.to'
        message: from is greater than to; nothing is between them
  percent:
    description: Share of the values, by a hash; the same value always gets the same answer.
    type: number
    minimum: 0
    maximum: 100
  present:
    description: Whether there is a value at all.
    type: boolean
{{- end }}

{{/* Conditions by name: of headers, cookies, parameters. */}}
{{- define "lanekeeper.crdValueMatches" -}}
type: object
minProperties: 1
maxProperties: 64
additionalProperties:
  {{- include "lanekeeper.crdValueMatch" $ | nindent 2 }}
{{- end }}

{{/* Lanes in the order in which they are tried. */}}
{{- define "lanekeeper.crdChain" -}}
type: array
maxItems: 16
items:
  type: string
  maxLength: 63
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'
x-kubernetes-validations:
  - rule: "!('base' in self) || self[size(self) - 1] == 'base'"
    message: base ends a chain, for every service has a baseline; nothing after it is tried
  - rule: self.all(lane, self.exists_one(other, other == lane))
    message: a lane is in the chain twice
{{- end }}

{{/* Networks as CIDR, or single addresses: how many at most. */}}
{{- define "lanekeeper.crdNetworks" -}}
type: array
maxItems: {{ . }}
items:
  type: string
  maxLength: 49
  pattern: '^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$'
{{- end }}
