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

variable "store_secret_name" {
  description = "Secret whose keys become environment variables with credentials of the object store; leave it out with workload identity"
  type        = string
  default     = null
}

variable "service_account_annotations" {
  description = "Annotations of the service account of each function, which tie it to an identity of the cloud"
  type        = map(map(string))
  default     = {}
  nullable    = false
  validation {
    condition     = alltrue([for name in keys(var.service_account_annotations) : contains(["api", "orchestrate", "deconvolve", "pyramid", "view"], name)])
    error_message = "service_account_annotations may name api, orchestrate, deconvolve, pyramid and view."
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

variable "instances" {
  description = "Instances of each function; 0 of deconvolve where deconvolve_urls names others"
  type = object({
    api         = optional(number, 2)
    orchestrate = optional(number, 1)
    deconvolve  = optional(number, 1)
    pyramid     = optional(number, 1)
  })
  default  = {}
  nullable = false
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
  nullable    = false
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
  nullable    = false
  validation {
    condition     = var.instances_per_url >= 1 && floor(var.instances_per_url) == var.instances_per_url && (var.instances_per_url == 1 || length(var.deconvolve_urls) > 0)
    error_message = "instances_per_url must be a whole number of at least 1, and needs deconvolve_urls above 1."
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
  description = "Host at which api is reached from outside, over TLS; null keeps it inside of the cluster. A controller in the cluster has the certificate in tls_secret_name and its pods in namespace; a balancer of the cloud has certificate_annotations and calls from balancer_cidr_blocks; service_annotations tell it of the service"
  type = object({
    host                    = string
    class_name              = optional(string)
    tls_secret_name         = optional(string)
    namespace               = optional(string)
    certificate_annotations = optional(map(string), {})
    balancer_cidr_blocks    = optional(list(string), [])
    service_annotations     = optional(map(string), {})
    annotations             = optional(map(string), {})
  })
  default = null
  validation {
    condition     = var.ingress == null ? true : can(regex("^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", var.ingress.host)) && (try(length(var.ingress.class_name), 0) > 0) != can(var.ingress.annotations["kubernetes.io/ingress.class"])
    error_message = "ingress needs a host without wildcard, and one of class_name and the annotation kubernetes.io/ingress.class."
  }
  validation {
    condition     = var.ingress == null ? true : (try(length(var.ingress.tls_secret_name), 0) > 0) != (length(var.ingress.certificate_annotations) > 0)
    error_message = "ingress is for TLS alone: it needs one of tls_secret_name and certificate_annotations."
  }
  validation {
    condition     = var.ingress == null ? true : (try(length(var.ingress.namespace), 0) > 0) != (length(var.ingress.balancer_cidr_blocks) > 0) && alltrue([for block in var.ingress.balancer_cidr_blocks : can(cidrnetmask(block)) || can(regex("^[0-9a-f:]*:[0-9a-f:]*/[0-9]+$", block))])
    error_message = "ingress needs to know who calls api: one of the namespace of the controller's pods and balancer_cidr_blocks, which are address ranges."
  }
}

variable "view" {
  description = "Serve views, computed as they are looked at. cache_url keeps them; host is where viewers reach them, by the same ingress as api; with key_enabled their URLs are signed by the key view-key of functions_secret_name, else by one that is kept in the cache"
  type = object({
    cache_url       = string
    host            = optional(string)
    key_enabled     = optional(bool, false)
    cache_gib       = optional(number, 10)
    expires_hours   = optional(number, 12)
    views_per_owner = optional(number, 32)
  })
  default = null
  validation {
    condition     = var.view == null ? true : var.images.view != null && can(regex("^(s3|gs|az)://[^/?#[:space:]]+/[^?#[:space:]]+$", var.view.cache_url))
    error_message = "view needs images.view and cache_url, a folder of an object store: s3://, gs:// or az://, a bucket and a folder."
  }
  validation {
    condition     = try(var.view.host, null) == null ? true : var.ingress != null && can(regex("^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", var.view.host)) && var.view.host != try(var.ingress.host, "")
    error_message = "view.host needs ingress, and must be a host of its own, without wildcard."
  }
  validation {
    condition     = var.view == null ? true : alltrue([for count in [var.view.cache_gib, var.view.expires_hours, var.view.views_per_owner] : count >= 1 && floor(count) == count])
    error_message = "cache_gib, expires_hours and views_per_owner of view must be whole numbers of at least 1."
  }
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
  nullable = false
  validation {
    condition     = alltrue([for rule in var.egress : alltrue([for block in concat([rule.cidr_block], rule.except_cidr_blocks) : can(cidrnetmask(block)) || can(regex("^[0-9a-f:]*:[0-9a-f:]*/[0-9]+$", block))])])
    error_message = "Each cidr_block must be an address range, such as 10.1.2.0/24."
  }
  validation {
    condition     = alltrue([for rule in var.egress : length(rule.ports) > 0 && alltrue([for port in rule.ports : port >= 1 && port <= 65535 && floor(port) == port])])
    error_message = "Each rule of egress must have ports, from 1 to 65535."
  }
}
