# What every cluster has to be told. Modules that make a cluster link to this file.

variable "namespace" {
  description = "Namespace that exists and holds the secrets; the module creates none"
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.namespace)) && !contains(["default", "kube-system"], var.namespace)
    error_message = "namespace must be the name of a namespace of its own, not default or kube-system."
  }
}

variable "images" {
  description = "Image of each function, of Restate (needed for engine = \"restate\") and of view (needed for view), by digest or by a tag that never moves"
  type = object({
    api         = string
    orchestrate = string
    deconvolve  = string
    pyramid     = string
    restate     = optional(string)
    view        = optional(string)
  })
  validation {
    condition = alltrue([
      for image in values(var.images) : image == null ? true : can(regex("(@sha256:[0-9a-f]{64}|:[A-Za-z0-9_][A-Za-z0-9._-]*)$", image)) && !endswith(image, ":latest")
    ])
    error_message = "Each image must end with a digest (@sha256:...) or a tag, and the tag must not be latest."
  }
  validation {
    condition     = var.engine != "restate" || var.images.restate != null
    error_message = "engine = \"restate\" needs images.restate."
  }
}

variable "draining_orchestrate_images" {
  description = "Earlier images of orchestrate that stay until the jobs they began have ended, under the URLs that Restate knows them by"
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = (length(var.draining_orchestrate_images) == 0 || var.engine == "restate") && !contains(var.draining_orchestrate_images, var.images.orchestrate)
    error_message = "draining_orchestrate_images needs engine = \"restate\" and must not hold images.orchestrate."
  }
}

variable "engine" {
  description = "What drives the tasks of jobs: restate (survives any process) or local (one orchestrate process)"
  type        = string
  default     = "restate"
  nullable    = false
  validation {
    condition     = contains(["restate", "local"], var.engine)
    error_message = "engine must be restate or local."
  }
}

variable "functions_secret_name" {
  description = "Secret with the keys token and state-key, and webhook-secret and metrics-token where they are enabled"
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9][-.a-z0-9]*$", var.functions_secret_name))
    error_message = "functions_secret_name must be the name of a Secret in the namespace: jobs are not kept without a state key."
  }
}

variable "api_keys_secret_name" {
  description = "Secret whose key keys.json is the file that clearstack keys writes"
  type        = string
  default     = null
  validation {
    condition     = var.api_keys_secret_name != null || var.oidc != null
    error_message = "Callers of api must be told apart: set api_keys_secret_name, oidc or both."
  }
}

variable "restate_identity_public_key" {
  description = "Public half, publickeyv1_..., of the key with which Restate signs its calls (needed for engine = \"restate\")"
  type        = string
  default     = null
  validation {
    condition     = var.engine != "restate" || can(regex("^publickeyv1_[1-9A-HJ-NP-Za-km-z]{32,50}$", var.restate_identity_public_key))
    error_message = "engine = \"restate\" needs restate_identity_public_key, publickeyv1_ and base58."
  }
}

variable "restate_identity_secret_name" {
  description = "Secret whose key private.pem is the private half (needed for engine = \"restate\")"
  type        = string
  default     = null
  validation {
    condition     = var.engine != "restate" || var.restate_identity_secret_name != null
    error_message = "engine = \"restate\" needs restate_identity_secret_name."
  }
}

variable "restate" {
  description = "Size of Restate's server and of its volume, which outlives the module"
  type = object({
    cpu_cores          = optional(number, 2)
    memory_gib         = optional(number, 4)
    storage_gib        = optional(number, 20)
    storage_class_name = optional(string)
  })
  default  = {}
  nullable = false
  validation {
    condition     = var.restate.cpu_cores > 0 && var.restate.memory_gib >= 1 && var.restate.storage_gib >= 1
    error_message = "restate needs cpu_cores above 0, and memory_gib and storage_gib of at least 1."
  }
}

variable "resources" {
  description = "Processor cores (requested) and memory (requested, and the limit) of an instance of each function"
  type = object({
    api         = optional(object({ cpu_cores = number, memory_gib = number }), { cpu_cores = 0.5, memory_gib = 1 })
    orchestrate = optional(object({ cpu_cores = number, memory_gib = number }), { cpu_cores = 1, memory_gib = 2 })
    deconvolve  = optional(object({ cpu_cores = number, memory_gib = number }), { cpu_cores = 4, memory_gib = 24 })
    pyramid     = optional(object({ cpu_cores = number, memory_gib = number }), { cpu_cores = 2, memory_gib = 4 })
    view        = optional(object({ cpu_cores = number, memory_gib = number }), { cpu_cores = 1, memory_gib = 2 })
  })
  default  = {}
  nullable = false
  validation {
    condition     = alltrue([for size in values(var.resources) : size.cpu_cores > 0 && size.memory_gib > 0])
    error_message = "cpu_cores and memory_gib must be positive."
  }
}

variable "client_namespaces" {
  description = "Namespaces whose pods may call api"
  type        = list(string)
  default     = []
  nullable    = false
}

variable "monitoring_namespaces" {
  description = "Namespaces whose pods may scrape the functions"
  type        = list(string)
  default     = []
  nullable    = false
}

variable "image_pull_secret_names" {
  description = "Secrets with credentials of the image registry"
  type        = list(string)
  default     = []
  nullable    = false
}

variable "grafana_dashboard_enabled" {
  description = "Make a ConfigMap with the dashboard, labeled grafana_dashboard = \"1\" for Grafana's sidecar"
  type        = bool
  default     = false
  nullable    = false
}

variable "prometheus_rules_enabled" {
  description = "Make a PrometheusRule with the alerts; the cluster must have the Prometheus operator's types already"
  type        = bool
  default     = false
  nullable    = false
}
