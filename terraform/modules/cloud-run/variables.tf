variable "experimental_accepted" {
  description = "Must be true. A GPU of Cloud Run shows Vulkan only if the image has the very driver libraries of the host, which nobody promises; the start-up probe refuses instances without a GPU, and then no tile is ever computed"
  type        = bool
  validation {
    condition     = var.experimental_accepted
    error_message = "This module is experimental: say experimental_accepted = true once you have read why. The modules gke-knative and kubernetes are not."
  }
}

variable "project_id" {
  description = "Project of Google Cloud"
  type        = string
  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be the id of a project: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of services and buckets that has GPUs for Cloud Run, such as europe-west4"
  type        = string
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region, such as europe-west4, not a zone."
  }
}

variable "name" {
  description = "What names of services, buckets, topics and accounts begin with; buckets have it in common with the whole world"
  type        = string
  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{1,16}[a-z0-9])$", var.name))
    error_message = "name must have 3 to 18 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "images" {
  description = "Image of each function, and of view (needed for view), by digest or by a tag that never moves"
  type = object({
    api         = string
    orchestrate = string
    deconvolve  = string
    pyramid     = string
    view        = optional(string)
  })
  validation {
    condition = alltrue([
      for image in values(var.images) : image == null ? true : can(regex("(@sha256:[0-9a-f]{64}|:[A-Za-z0-9_][A-Za-z0-9._-]*)$", image)) && !endswith(image, ":latest")
    ])
    error_message = "Each image must end with a digest (@sha256:...) or a tag, and the tag must not be latest."
  }
}

variable "deletion_protection_enabled" {
  description = "Refuse to destroy the services. Buckets refuse it always"
  type        = bool
  default     = true
  nullable    = false
}

variable "network" {
  description = "Network and subnetwork through which the functions reach each other: the subnetwork has private access to Google's services, and NAT where sources are on the web"
  type = object({
    network    = string
    subnetwork = string
  })
  validation {
    condition     = length(var.network.network) > 0 && length(var.network.subnetwork) > 0
    error_message = "network needs the name of a network and of a subnetwork in region."
  }
}

variable "secret_ids" {
  description = "Secrets of Secret Manager that exist: token between functions, key of the store of jobs, file of callers' keys, key of webhooks and token of scrapers where they are enabled, and what URLs of views are signed with, else a key that is kept beside them"
  type = object({
    token          = string
    state_key      = string
    api_keys       = optional(string)
    webhook_secret = optional(string)
    metrics_token  = optional(string)
    view_key       = optional(string)
  })
  validation {
    condition     = alltrue([for id in [var.secret_ids.token, var.secret_ids.state_key] : can(regex("^[A-Za-z0-9_-]+$", id))])
    error_message = "secret_ids needs token and state_key, names of secrets: jobs are not kept without a state key."
  }
  validation {
    condition     = (var.secret_ids.webhook_secret != null) == var.webhooks_enabled && (var.secret_ids.metrics_token != null) == var.metrics_token_enabled
    error_message = "secret_ids.webhook_secret goes with webhooks_enabled, secret_ids.metrics_token with metrics_token_enabled."
  }
  validation {
    condition     = var.secret_ids.api_keys != null || var.oidc != null
    error_message = "Callers of api must be told apart, whoever can reach it: set secret_ids.api_keys, oidc or both."
  }
}

variable "public_access_enabled" {
  description = "Let the internet reach api and view; without it only the project's own networks and Pub/Sub do"
  type        = bool
  default     = false
  nullable    = false
}

variable "gpu" {
  description = "GPU of each instance of deconvolve; there is none until a tile comes"
  type = object({
    type          = optional(string, "nvidia-l4")
    max_instances = number
    memory_gib    = optional(number)
    boxes         = optional(number)
  })
  validation {
    condition     = contains(["nvidia-l4", "nvidia-rtx-pro-6000"], var.gpu.type)
    error_message = "gpu.type must be one that Cloud Run has: nvidia-l4 or nvidia-rtx-pro-6000."
  }
  validation {
    condition     = var.gpu.max_instances >= 1 && floor(var.gpu.max_instances) == var.gpu.max_instances
    error_message = "gpu.max_instances must be a whole number of at least 1."
  }
}

variable "resources" {
  description = "Processor cores and memory of an instance of each function"
  type = object({
    api         = optional(object({ cpu_cores = number, memory_gib = number }), { cpu_cores = 1, memory_gib = 1 })
    orchestrate = optional(object({ cpu_cores = number, memory_gib = number }), { cpu_cores = 2, memory_gib = 4 })
    deconvolve  = optional(object({ cpu_cores = number, memory_gib = number }), { cpu_cores = 8, memory_gib = 32 })
    pyramid     = optional(object({ cpu_cores = number, memory_gib = number }), { cpu_cores = 2, memory_gib = 4 })
    view        = optional(object({ cpu_cores = number, memory_gib = number }), { cpu_cores = 1, memory_gib = 2 })
  })
  default  = {}
  nullable = false
  validation {
    condition     = alltrue([for size in values(var.resources) : contains([1, 2, 4, 6, 8, 20], size.cpu_cores) && size.memory_gib >= 0.5])
    error_message = "cpu_cores must be 1, 2, 4, 6, 8 or 20, and memory_gib at least 0.5."
  }
  validation {
    condition     = var.resources.deconvolve.cpu_cores >= 4 && var.resources.deconvolve.memory_gib >= 16
    error_message = "An instance with a GPU needs at least 4 cpu_cores and 16 memory_gib."
  }
}

variable "timeout_seconds" {
  description = "Longest time of a request: of one tile, or of one level"
  type        = number
  default     = 3600
  nullable    = false
  validation {
    condition     = var.timeout_seconds >= 60 && var.timeout_seconds <= 3600 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "timeout_seconds must be a whole number from 60 to 3600."
  }
}

variable "source_bucket_names" {
  description = "Buckets that are there already, which images and PSFs may be read from"
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for name in var.source_bucket_names : can(regex("^[a-z0-9][-_.a-z0-9]{1,220}[a-z0-9]$", name))])
    error_message = "Each of source_bucket_names must be the name of a bucket, without gs://."
  }
}

variable "kept_days" {
  description = "Days for which a bucket keeps what was deleted or replaced in it; that of views keeps nothing"
  type        = number
  default     = 7
  nullable    = false
  validation {
    condition     = var.kept_days >= 7 && var.kept_days <= 90 && floor(var.kept_days) == var.kept_days
    error_message = "kept_days must be a whole number from 7 to 90."
  }
}

variable "view" {
  description = "Serve views, computed as they are looked at, and kept in a bucket of their own"
  type = object({
    cache_gib       = optional(number, 10)
    expires_hours   = optional(number, 12)
    views_per_owner = optional(number, 32)
  })
  default = null
  validation {
    condition     = var.view == null ? true : var.images.view != null && alltrue([for count in values(var.view) : count >= 1 && floor(count) == count])
    error_message = "view needs images.view, and whole numbers of at least 1 for cache_gib, expires_hours and views_per_owner."
  }
}

variable "event_rules" {
  description = "Rules by which files in the uploads bucket start jobs: the member rules of docs/events.md. They come by Pub/Sub, which reaches api also where nobody outside does"
  type        = any
  default     = null
  validation {
    condition     = var.event_rules == null ? true : try(length(var.event_rules) > 0 && alltrue([for rule in var.event_rules : length(rule.bucket) > 0 && can(rule.job.output)]), false)
    error_message = "event_rules must be a list of rules, each with a bucket and a job that has an output."
  }
  validation {
    condition     = var.event_rules == null ? true : try(alltrue([for rule in var.event_rules : rule.bucket == "${var.name}-uploads"]), true)
    error_message = "The bucket of each rule must be ${var.name}-uploads: no other bucket tells of uploads."
  }
}
