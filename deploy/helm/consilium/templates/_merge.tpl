{{/* A strategic merge, in place: (list OBJECT PATCH). Maps are merged, lists of things with names are merged by name, the rest is
     replaced, and null removes. */}}
{{- define "consilium.merge" -}}
{{- $object := index . 0 }}
{{- range $key, $value := index . 1 }}
  {{- $old := get $object $key }}
  {{- if kindIs "invalid" $value }}
    {{- $_ := unset $object $key }}
  {{- else if and (kindIs "map" $value) (kindIs "map" $old) }}
    {{- include "consilium.merge" (list $old $value) }}
  {{- else if and (kindIs "slice" $value) (kindIs "slice" $old) $value (kindIs "map" (first $value)) }}
    {{- $all := $old }}
    {{- range $item := $value }}
      {{- $found := false }}
      {{- range $there := $old }}
        {{- if eq (toString $there.name) (toString $item.name) }}
          {{- $found = true }}
          {{- include "consilium.merge" (list $there $item) }}
        {{- end }}
      {{- end }}
      {{- if not $found }}{{- $all = append $all $item }}{{- end }}
    {{- end }}
    {{- $_ := set $object $key $all }}
  {{- else }}
    {{- $_ := set $object $key $value }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The documents of a file as a JSON array: (list FILES PATH). */}}
{{- define "consilium.documents" -}}
{{- $documents := list }}
{{- range $text := regexSplit "(?m)^---$" ((index . 0).Get (index . 1)) -1 }}
  {{- $document := fromYaml $text }}
  {{- with $document.Error }}{{ fail . }}{{- end }}
  {{- if $document }}{{- $documents = append $documents $document }}{{- end }}
{{- end }}
{{- toJson $documents }}
{{- end }}

{{/* Read the kustomization in @folder into state.objects and state.patches: (dict "files" "folder" "state"). */}}
{{- define "consilium.read" -}}
{{- $files := .files }}{{- $folder := .folder }}{{- $state := .state }}
{{- $kustomization := fromYaml ($files.Get (printf "%s/kustomization.yaml" $folder)) }}
{{- range $name := $kustomization.resources }}
  {{- $documents := include "consilium.documents" (list $files (printf "%s/%s" $folder $name)) | fromJsonArray }}
  {{- $_ := set $state "objects" (concat $state.objects $documents) }}
{{- end }}
{{- range $map := $kustomization.configMapGenerator }}
  {{- $data := dict }}
  {{- range $map.files }}
    {{- $_ := set $data (first (splitList "=" .)) ($files.Get (printf "%s/%s" $folder (last (splitList "=" .)))) }}
  {{- end }}
  {{- $object := dict "apiVersion" "v1" "kind" "ConfigMap" "metadata" (dict "name" $map.name "labels" $map.options.labels) "data" $data }}
  {{- $_ := set $state "objects" (append $state.objects $object) }}
{{- end }}
{{- range $patch := $kustomization.patches }}
  {{- $documents := include "consilium.documents" (list $files (printf "%s/%s" $folder $patch.path)) | fromJsonArray }}
  {{- $_ := set $state "patches" (concat $state.patches $documents) }}
{{- end }}
{{- end }}

{{/* What the values say of a workload: (list OBJECT SERVICE IMAGES CHART). */}}
{{- define "consilium.settle" -}}
{{- $object := index . 0 }}{{- $service := index . 1 }}{{- $images := index . 2 }}
{{- $pod := $object.spec.template.spec }}
{{- $container := first $pod.containers }}
{{- $_ := set $container "image" (printf "%s/%s:%s" $images.repository $container.name $images.tag) }}
{{- with $images.pullSecrets }}
  {{- $names := list }}
  {{- range . }}{{- $names = append $names (dict "name" .) }}{{- end }}
  {{- $_ := set $pod "imagePullSecrets" $names }}
{{- end }}
{{- if hasKey $service "replicas" }}{{- $_ := set $object.spec "replicas" $service.replicas }}{{- end }}
{{- with $service.resources }}{{- include "consilium.merge" (list $container.resources .) }}{{- end }}
{{- with $service.env }}
  {{- $env := list }}
  {{- range $name, $value := . }}{{- $env = append $env (dict "name" $name "value" (toString $value)) }}{{- end }}
  {{- include "consilium.merge" (list $container (dict "env" $env)) }}
{{- end }}
{{- with $service.pod }}{{- include "consilium.merge" (list $pod .) }}{{- end }}
{{- end }}
