# What every platform has to be told about the functions. Modules of platforms link to this file.

variable "oidc" {
  description = "Provider of OpenID Connect whose tokens callers present"
  type = object({
    issuer           = string
    audience         = string
    algorithms       = list(string)
    rolesClaim       = string
    roles            = map(string)
    jwks             = optional(string)
    clockSkewSeconds = optional(number)
  })
  default = null
  validation {
    condition     = var.oidc == null ? true : startswith(var.oidc.issuer, "https://") && alltrue([for role in values(var.oidc.roles) : contains(["read", "submit", "admin"], role)])
    error_message = "oidc needs an https:// issuer, and roles must lead to read, submit or admin."
  }
}

variable "webhooks_enabled" {
  description = "Sign webhooks with the key webhook-secret of functions_secret_name; without it jobs with a webhook are refused"
  type        = bool
  default     = false
  nullable    = false
}

variable "metrics_token_enabled" {
  description = "Let scrapers present the key metrics-token of functions_secret_name, and no other token"
  type        = bool
  default     = false
  nullable    = false
}

variable "environment" {
  description = "Further variables of all functions, such as AWS_REGION, AWS_ENDPOINT_URL or OTEL_EXPORTER_OTLP_PROTOCOL; no secrets"
  type        = map(string)
  default     = {}
  nullable    = false
  validation {
    condition = alltrue([
      for name in keys(var.environment) : can(regex("^(AWS|AZURE|GOOGLE|GS|STORAGE|OTEL|GCE)_[A-Z0-9_]+$", name)) && !can(regex("SECRET|ACCESS_KEY|STORAGE_KEY|SESSION_TOKEN|SAS|CONNECTION_STRING|HEADERS", name))
    ])
    error_message = "environment takes variables of object stores and OpenTelemetry. Give credentials in store_secret_name, and other settings by their inputs."
  }
}

variable "quotas" {
  description = "Quotas of every caller who has none of their own"
  type = object({
    voxels     = optional(number)
    tiles      = optional(number)
    bytes      = optional(number)
    gpuSeconds = optional(number)
    liveJobs   = optional(number)
    requests   = optional(number)
  })
  default  = {}
  nullable = false
  validation {
    condition     = alltrue([for value in values(var.quotas) : value == null ? true : value > 0])
    error_message = "Each quota must be positive."
  }
}

variable "price_per_gpu_second" {
  description = "Price of a second of the device, in currency; without it nothing has a cost"
  type        = number
  default     = null
  validation {
    condition     = var.price_per_gpu_second == null ? true : var.price_per_gpu_second >= 0
    error_message = "price_per_gpu_second must not be negative."
  }
}

variable "currency" {
  description = "Code of the currency of prices"
  type        = string
  default     = "USD"
  nullable    = false
  validation {
    condition     = can(regex("^[A-Z]{3}$", var.currency))
    error_message = "currency must be a code of three capitals, such as EUR."
  }
}

variable "retention_days" {
  description = "Days for which records of jobs are kept that have ended; without it they are kept for good. Outputs are never removed"
  type        = number
  default     = null
  validation {
    condition     = var.retention_days == null ? true : var.retention_days >= 1 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days must be a whole number of at least 1."
  }
}

variable "patience_seconds" {
  description = "Seconds for which a store or a function that is away is waited for; longer than a GPU node takes to start"
  type        = number
  default     = 600
  nullable    = false
  validation {
    condition     = var.patience_seconds >= 1 && floor(var.patience_seconds) == var.patience_seconds
    error_message = "patience_seconds must be a whole number of at least 1."
  }
}

variable "jobs_at_once" {
  description = "Jobs that share the instances"
  type        = number
  default     = 1
  nullable    = false
  validation {
    condition     = var.jobs_at_once >= 1 && floor(var.jobs_at_once) == var.jobs_at_once
    error_message = "jobs_at_once must be a whole number of at least 1."
  }
}

variable "tiles_per_owner" {
  description = "Tiles of one owner in flight, in each orchestrate process; without it there is no limit"
  type        = number
  default     = null
  validation {
    condition     = var.tiles_per_owner == null ? true : var.tiles_per_owner >= 1 && floor(var.tiles_per_owner) == var.tiles_per_owner
    error_message = "tiles_per_owner must be a whole number of at least 1."
  }
}

variable "device_json" {
  description = "Answer of GET /v1/device of an instance, so that the first plan starts none"
  type        = string
  default     = null
  validation {
    condition     = var.device_json == null ? true : try(contains(["webgpu", "cpu"], jsondecode(var.device_json).backend), false)
    error_message = "device_json must be the answer of GET /v1/device, whose backend is webgpu or cpu."
  }
}

variable "cors_origins" {
  description = "Origins of web pages that may call api"
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^https://[^/*[:space:]]+$", origin))])
    error_message = "Each of cors_origins must be https:// and a host, without a path or *."
  }
}

variable "otlp_endpoint" {
  description = "Collector of OpenTelemetry that traces, metrics and logs are sent to; egress must lead there"
  type        = string
  default     = null
  validation {
    condition     = var.otlp_endpoint == null ? true : can(regex("^https?://[^[:space:]]+$", var.otlp_endpoint))
    error_message = "otlp_endpoint must be an http:// or https:// URL."
  }
}

variable "trace_sample_ratio" {
  description = "Share of traces that are kept, from 0 to 1"
  type        = number
  default     = 1
  nullable    = false
  validation {
    condition     = var.trace_sample_ratio >= 0 && var.trace_sample_ratio <= 1
    error_message = "trace_sample_ratio must be from 0 to 1."
  }
}
