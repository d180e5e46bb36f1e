{{/* Every helper takes (dict "root" $ "name" <service>) unless it says otherwise. */}}

{{/* Of the release: takes the root. */}}
{{- define "ensemble.release" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "ensemble.name" -}}
{{- printf "%s-%s" (include "ensemble.release" .root) .name -}}
{{- end -}}

{{- define "ensemble.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{- define "ensemble.labels" -}}
{{ include "ensemble.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* A service's own variable: ORDER_DATABASE_URL. Takes also "suffix". */}}
{{- define "ensemble.variable" -}}
{{- printf "%s_%s" (.name | upper | replace "-" "_") .suffix -}}
{{- end -}}

{{- define "ensemble.databaseUrl" -}}
{{- $variable := include "ensemble.variable" (dict "name" .name "suffix" "DATABASE_URL") -}}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef:
      name: {{ .root.Values.databaseSecret }}
      key: {{ $variable }}
{{- end -}}

{{/* What a pod of ours is, migration or service. */}}
{{- define "ensemble.pod" -}}
automountServiceAccountToken: false
# Kubernetes would add variables of its own for every service of the namespace.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "ensemble.container" -}}
image: {{ printf "%s:%s" .root.Values.image.repository (.root.Values.image.tag | default .root.Chart.AppVersion) }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}
