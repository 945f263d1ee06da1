variable "namespace" {
  description = "Namespace that exists and holds the secrets; the module creates none"
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.namespace)) && !contains(["default", "kube-system"], var.namespace)
    error_message = "namespace must be the name of a namespace of its own, not default or kube-system."
  }
}

variable "images" {
  description = "Image of each function, and of Restate (needed for engine = \"restate\"), by digest or by a tag that never moves"
  type = object({
    api         = string
    orchestrate = string
    deconvolve  = string
    pyramid     = string
    restate     = optional(string)
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
  validation {
    condition     = (length(var.draining_orchestrate_images) == 0 || var.engine == "restate") && !contains(var.draining_orchestrate_images, var.images.orchestrate)
    error_message = "draining_orchestrate_images needs engine = \"restate\" and must not hold images.orchestrate."
  }
}

variable "engine" {
  description = "What drives the tasks of jobs: restate (survives any process) or local (one orchestrate process)"
  type        = string
  default     = "restate"
  validation {
    condition     = contains(["restate", "local"], var.engine)
    error_message = "engine must be restate or local."
  }
}

variable "jobs_url" {
  description = "URL of the store of jobs and shards, such as s3://clearstack-state/jobs; only orchestrate may read it"
  type        = string
  validation {
    condition     = can(regex("^(s3|gs|az)://[^/?#[:space:]]+/[^?#[:space:]]+$", var.jobs_url))
    error_message = "jobs_url must be a folder of an object store: s3://, gs:// or az://, a bucket and a folder."
  }
}

variable "allowed_sources" {
  description = "URLs below which images and PSFs may lie"
  type        = list(string)
  validation {
    condition     = length(var.allowed_sources) > 0 && alltrue([for url in var.allowed_sources : can(regex("^(s3|gs|az|https?)://[^[:space:]]*$", url))])
    error_message = "allowed_sources must name at least one URL, each s3://, gs://, az://, https:// or http:// and without spaces."
  }
}

variable "allowed_outputs" {
  description = "URLs below which outputs may be written"
  type        = list(string)
  validation {
    condition     = length(var.allowed_outputs) > 0 && alltrue([for url in var.allowed_outputs : can(regex("^(s3|gs|az)://[^/[:space:]]+[^[:space:]]*$", url))])
    error_message = "allowed_outputs must name at least one URL with a bucket, each s3://, gs:// or az:// and without spaces."
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
}

variable "metrics_token_enabled" {
  description = "Let scrapers present the key metrics-token of functions_secret_name, and no other token"
  type        = bool
  default     = false
}

variable "store_secret_name" {
  description = "Secret whose keys become environment variables with credentials of the object store; leave it out with workload identity"
  type        = string
  default     = null
}

variable "service_account_annotations" {
  description = "Annotations of the service account of each function, which tie it to an identity of the cloud"
  type        = map(map(string))
  default     = {}
  validation {
    condition     = alltrue([for name in keys(var.service_account_annotations) : contains(["api", "orchestrate", "deconvolve", "pyramid"], name)])
    error_message = "service_account_annotations may name api, orchestrate, deconvolve and pyramid."
  }
}

variable "environment" {
  description = "Further variables of all functions, such as AWS_REGION, AWS_ENDPOINT_URL or OTEL_EXPORTER_OTLP_PROTOCOL; no secrets"
  type        = map(string)
  default     = {}
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
  default = {}
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
  validation {
    condition     = var.patience_seconds >= 1 && floor(var.patience_seconds) == var.patience_seconds
    error_message = "patience_seconds must be a whole number of at least 1."
  }
}

variable "jobs_at_once" {
  description = "Jobs that share the instances"
  type        = number
  default     = 1
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

variable "event_rules" {
  description = "Configuration of upload events (docs/events.md); secrets stand in it as their SHA-256 only"
  type        = any
  default     = null
  validation {
    condition     = (var.event_rules == null) == (var.event_inbox_url == null)
    error_message = "Set event_rules and event_inbox_url together."
  }
  validation {
    condition     = var.event_rules == null ? true : try(length(var.event_rules.rules) > 0 && length(var.event_rules.sources) > 0, false)
    error_message = "event_rules needs sources and rules, at least one of each."
  }
}

variable "event_inbox_url" {
  description = "URL where accepted events wait until orchestrate has their jobs; only api may read it"
  type        = string
  default     = null
  validation {
    condition     = var.event_inbox_url == null ? true : can(regex("^(s3|gs|az)://[^/?#[:space:]]+/[^?#[:space:]]+$", var.event_inbox_url))
    error_message = "event_inbox_url must be a folder of an object store: s3://, gs:// or az://, a bucket and a folder."
  }
}

variable "cors_origins" {
  description = "Origins of web pages that may call api"
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^https://[^/*[:space:]]+$", origin))])
    error_message = "Each of cors_origins must be https:// and a host, without a path or *."
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
  default = {}
  validation {
    condition     = var.restate.cpu_cores > 0 && var.restate.memory_gib >= 1 && var.restate.storage_gib >= 1
    error_message = "restate needs cpu_cores above 0, and memory_gib and storage_gib of at least 1."
  }
}

variable "instances" {
  description = "Instances of each function; 0 of deconvolve where deconvolve_urls names others"
  type = object({
    api         = optional(number, 2)
    orchestrate = optional(number, 1)
    deconvolve  = optional(number, 1)
    pyramid     = optional(number, 1)
  })
  default = {}
  validation {
    condition = alltrue([
      for name, count in var.instances : count >= (name == "deconvolve" ? 0 : 1) && count <= 1000 && floor(count) == count
    ])
    error_message = "instances must be whole numbers from 1 to 1000, of deconvolve from 0."
  }
  validation {
    condition     = var.engine == "restate" || var.instances.orchestrate == 1
    error_message = "With engine = \"local\" one orchestrate process drives all jobs: set instances.orchestrate to 1."
  }
}

variable "deconvolve_urls" {
  description = "Instances of deconvolve that run elsewhere, such as a Knative service that scales from zero"
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for url in var.deconvolve_urls : can(regex("^https?://[^[:space:]]+$", url))])
    error_message = "Each of deconvolve_urls must be an http:// or https:// URL without spaces."
  }
  validation {
    condition     = length([for given in [var.instances.deconvolve > 0, length(var.deconvolve_urls) > 0, var.knative != null] : given if given]) == 1
    error_message = "Set one of instances.deconvolve above 0, deconvolve_urls and knative; instances = { deconvolve = 0 } goes with the latter two."
  }
}

variable "knative" {
  description = "Run deconvolve as a Knative service that scales from zero by requests, on a cluster that has Knative Serving; namespaces are those of its pods and its gateway"
  type = object({
    max_instances         = number
    requests_per_instance = optional(number, 1)
    idle_seconds          = optional(number, 300)
    timeout_seconds       = optional(number, 3600)
    node_wait_minutes     = optional(number, 30)
    namespaces            = optional(list(string), ["knative-serving", "kourier-system"])
  })
  default = null
  validation {
    condition     = var.knative == null ? true : alltrue([for count in [var.knative.max_instances, var.knative.requests_per_instance, var.knative.timeout_seconds, var.knative.node_wait_minutes] : count >= 1 && floor(count) == count])
    error_message = "max_instances, requests_per_instance, timeout_seconds and node_wait_minutes of knative must be whole numbers of at least 1."
  }
  validation {
    condition     = var.knative == null ? true : var.knative.idle_seconds >= 0 && var.knative.idle_seconds <= 3600 && length(var.knative.namespaces) > 0
    error_message = "knative needs idle_seconds from 0 to 3600, and the namespaces that its requests come from."
  }
}

variable "instances_per_url" {
  description = "Instances behind each of deconvolve_urls"
  type        = number
  default     = 1
  validation {
    condition     = var.instances_per_url >= 1 && floor(var.instances_per_url) == var.instances_per_url && (var.instances_per_url == 1 || length(var.deconvolve_urls) > 0)
    error_message = "instances_per_url must be a whole number of at least 1, and needs deconvolve_urls above 1."
  }
}

variable "resources" {
  description = "Processor cores (requested) and memory (requested, and the limit) of an instance of each function"
  type = object({
    api         = optional(object({ cpu_cores = number, memory_gib = number }), { cpu_cores = 0.5, memory_gib = 1 })
    orchestrate = optional(object({ cpu_cores = number, memory_gib = number }), { cpu_cores = 1, memory_gib = 2 })
    deconvolve  = optional(object({ cpu_cores = number, memory_gib = number }), { cpu_cores = 4, memory_gib = 24 })
    pyramid     = optional(object({ cpu_cores = number, memory_gib = number }), { cpu_cores = 2, memory_gib = 4 })
  })
  default = {}
  validation {
    condition     = alltrue([for size in values(var.resources) : size.cpu_cores > 0 && size.memory_gib > 0])
    error_message = "cpu_cores and memory_gib must be positive."
  }
}

variable "gpu" {
  description = "GPU of each instance of deconvolve; null computes on the CPU"
  type = object({
    resource_name      = optional(string, "nvidia.com/gpu")
    node_selector      = optional(map(string), {})
    toleration_keys    = optional(list(string), ["nvidia.com/gpu"])
    runtime_class_name = optional(string)
    memory_gib         = optional(number)
    boxes              = optional(number)
  })
  default = {}
  validation {
    condition     = var.gpu == null ? true : contains(["nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915", "gpu.intel.com/xe"], var.gpu.resource_name)
    error_message = "gpu.resource_name must be nvidia.com/gpu, amd.com/gpu, gpu.intel.com/i915 or gpu.intel.com/xe."
  }
  validation {
    condition     = try(var.gpu.memory_gib, null) == null ? true : var.gpu.memory_gib > 0
    error_message = "gpu.memory_gib must be positive."
  }
  validation {
    condition     = try(var.gpu.boxes, null) == null ? true : contains([1, 2, 3, 4], var.gpu.boxes)
    error_message = "gpu.boxes must be 1, 2, 3 or 4."
  }
}

variable "ingress" {
  description = "Host at which api is reached from outside, over TLS; null keeps it inside of the cluster"
  type = object({
    host            = string
    class_name      = string
    tls_secret_name = string
    namespace       = string
    annotations     = optional(map(string), {})
  })
  default = null
  validation {
    condition     = var.ingress == null ? true : can(regex("^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", var.ingress.host)) && alltrue([for name in [var.ingress.class_name, var.ingress.tls_secret_name, var.ingress.namespace] : length(name) > 0])
    error_message = "ingress needs a host without wildcard, class_name, tls_secret_name, and the namespace of the controller's pods."
  }
}

variable "client_namespaces" {
  description = "Namespaces whose pods may call api"
  type        = list(string)
  default     = []
}

variable "monitoring_namespaces" {
  description = "Namespaces whose pods may scrape the functions"
  type        = list(string)
  default     = []
}

variable "egress" {
  description = "Addresses that functions may reach beside each other and DNS: object stores, OpenID Connect, webhooks, collectors, servers of workload identity. The default is HTTPS of the public internet"
  type = list(object({
    cidr_block         = string
    ports              = list(number)
    except_cidr_blocks = optional(list(string), [])
  }))
  default = [{
    cidr_block         = "0.0.0.0/0"
    ports              = [443]
    except_cidr_blocks = ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
  }]
  validation {
    condition     = alltrue([for rule in var.egress : alltrue([for block in concat([rule.cidr_block], rule.except_cidr_blocks) : can(cidrnetmask(block)) || can(regex("^[0-9a-f:]*:[0-9a-f:]*/[0-9]+$", block))])])
    error_message = "Each cidr_block must be an address range, such as 10.1.2.0/24."
  }
  validation {
    condition     = alltrue([for rule in var.egress : length(rule.ports) > 0 && alltrue([for port in rule.ports : port >= 1 && port <= 65535 && floor(port) == port])])
    error_message = "Each rule of egress must have ports, from 1 to 65535."
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
  validation {
    condition     = var.trace_sample_ratio >= 0 && var.trace_sample_ratio <= 1
    error_message = "trace_sample_ratio must be from 0 to 1."
  }
}

variable "image_pull_secret_names" {
  description = "Secrets with credentials of the image registry"
  type        = list(string)
  default     = []
}

variable "grafana_dashboard_enabled" {
  description = "Make a ConfigMap with the dashboard, labeled grafana_dashboard = \"1\" for Grafana's sidecar"
  type        = bool
  default     = false
}

variable "prometheus_rules_enabled" {
  description = "Make a PrometheusRule with the alerts; the cluster must have the Prometheus operator's types already"
  type        = bool
  default     = false
}
