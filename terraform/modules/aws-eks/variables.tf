variable "region" {
  description = "Region of the cluster and of the buckets, such as eu-central-1"
  type        = string
  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be a region, such as eu-central-1, not a zone."
  }
}

variable "name" {
  description = "Name of the cluster, and what names of buckets, roles and rules begin with; buckets have it in common with the whole world"
  type        = string
  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{1,18}[a-z0-9])$", var.name))
    error_message = "name must have 3 to 20 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "functions_enabled" {
  description = "Install the functions. Set it to false for the first apply, which makes the cluster that the namespace and its secrets go into"
  type        = bool
  default     = true
  nullable    = false
}

variable "deletion_protection_enabled" {
  description = "Refuse to destroy the cluster. Buckets refuse it always"
  type        = bool
  default     = true
  nullable    = false
}

variable "kubernetes_version" {
  description = "Version of Kubernetes that the cluster has, such as 1.33"
  type        = string
  default     = "1.33"
  nullable    = false
  validation {
    condition     = can(regex("^1[.](2[7-9]|[3-9][0-9])$", var.kubernetes_version))
    error_message = "kubernetes_version must be 1.27 or later, without a patch number."
  }
}

variable "private_subnet_ids" {
  description = "Subnets of nodes and pods, in at least two zones, which reach the internet by NAT"
  type        = list(string)
  validation {
    condition     = length(distinct(var.private_subnet_ids)) >= 2 && alltrue([for id in var.private_subnet_ids : startswith(id, "subnet-")])
    error_message = "private_subnet_ids must name at least two subnets, each subnet-..."
  }
}

variable "admin_cidr_blocks" {
  description = "Address ranges outside of the network from which the cluster may be administrated; none makes its endpoint private"
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for block in var.admin_cidr_blocks : can(cidrnetmask(block)) && !endswith(block, "/0")])
    error_message = "Each of admin_cidr_blocks must be an address range, such as 203.0.113.0/28, and not everybody's."
  }
}

variable "system_nodes" {
  description = "Nodes that run everything but deconvolve"
  type = object({
    instance_type = optional(string, "m7i.xlarge")
    min_nodes     = optional(number, 2)
    max_nodes     = optional(number, 4)
    disk_size_gib = optional(number, 50)
  })
  default  = {}
  nullable = false
  validation {
    condition     = var.system_nodes.min_nodes >= 1 && var.system_nodes.max_nodes >= var.system_nodes.min_nodes && var.system_nodes.disk_size_gib >= 20
    error_message = "system_nodes needs min_nodes of at least 1, max_nodes of at least min_nodes, and disk_size_gib of at least 20."
  }
}

variable "gpu" {
  description = "GPU nodes: none until a pod asks for a GPU, and none again once no pod does. memory_gib and boxes bound what an instance takes of its GPU"
  type = object({
    instance_type = string
    max_nodes     = number
    spot_enabled  = optional(bool, false)
    disk_size_gib = optional(number, 100)
    memory_gib    = optional(number)
    boxes         = optional(number)
  })
  validation {
    condition     = can(regex("^(g4dn|g5|g6|g6e|gr6|p3|p3dn|p4d|p4de|p5|p5e|p5en)[.][0-9]*(x?large|metal)$", var.gpu.instance_type))
    error_message = "gpu.instance_type must be a type with NVIDIA GPUs for x86, such as g6.2xlarge: of g4dn, g5, g6, g6e, gr6, p3, p3dn, p4d, p4de, p5, p5e or p5en."
  }
  validation {
    condition     = var.gpu.max_nodes >= 1 && floor(var.gpu.max_nodes) == var.gpu.max_nodes && var.gpu.disk_size_gib >= 50
    error_message = "gpu needs max_nodes, a whole number of at least 1, and disk_size_gib of at least 50."
  }
}

variable "instances" {
  description = "Instances of each function; 0 of deconvolve with knative"
  type = object({
    api         = optional(number, 2)
    orchestrate = optional(number, 1)
    deconvolve  = optional(number, 1)
    pyramid     = optional(number, 1)
  })
  default  = {}
  nullable = false
  validation {
    condition     = alltrue([for name, count in var.instances : count >= (name == "deconvolve" ? 0 : 1) && count <= 1000 && floor(count) == count])
    error_message = "instances must be whole numbers from 1 to 1000, of deconvolve from 0."
  }
  validation {
    condition     = (var.instances.deconvolve == 0) == (var.knative != null)
    error_message = "Set one of instances.deconvolve above 0 and knative."
  }
}

variable "knative" {
  description = "Install Knative Serving, and run deconvolve as a service that scales from zero by requests"
  type = object({
    max_instances     = number
    idle_seconds      = optional(number, 300)
    timeout_seconds   = optional(number, 3600)
    node_wait_minutes = optional(number, 30)
    operator_version  = optional(string, "v1.18.1")
  })
  default = null
  validation {
    condition     = var.knative == null ? true : var.knative.max_instances >= 1 && var.knative.idle_seconds >= 0 && var.knative.timeout_seconds >= 60 && var.knative.node_wait_minutes >= 1
    error_message = "knative needs max_instances of at least 1, idle_seconds of at least 0, timeout_seconds of at least 60 and node_wait_minutes of at least 1."
  }
}

variable "chart_versions" {
  description = "Versions of the Helm charts that the module installs"
  type = object({
    nvidia_device_plugin = optional(string, "0.17.4")
    cluster_autoscaler   = optional(string, "9.50.1")
  })
  default  = {}
  nullable = false
}

variable "source_bucket_names" {
  description = "Buckets that are there already, which images and PSFs may be read from"
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for name in var.source_bucket_names : can(regex("^[a-z0-9][-.a-z0-9]{1,61}[a-z0-9]$", name))])
    error_message = "Each of source_bucket_names must be the name of a bucket, without s3://."
  }
}

variable "kept_days" {
  description = "Days for which a bucket keeps what was deleted or replaced in it; that of views keeps nothing"
  type        = number
  default     = 7
  nullable    = false
  validation {
    condition     = var.kept_days >= 1 && var.kept_days <= 365 && floor(var.kept_days) == var.kept_days
    error_message = "kept_days must be a whole number from 1 to 365."
  }
}

variable "ingress" {
  description = "Host at which api is reached from outside, over TLS, by a controller that is in the cluster; null keeps it inside. class_name is the controller's, tls_secret_name the certificate, namespace that of the controller's pods"
  type = object({
    host            = string
    class_name      = string
    tls_secret_name = string
    namespace       = string
    annotations     = optional(map(string), {})
  })
  default = null
  validation {
    condition     = var.ingress == null ? true : can(regex("^[a-z0-9][-.a-z0-9]*[.][a-z]+$", var.ingress.host)) && length(var.ingress.tls_secret_name) > 0 && length(var.ingress.namespace) > 0
    error_message = "ingress needs a full host name without wildcard, tls_secret_name and namespace."
  }
}

variable "view" {
  description = "Serve views, computed as they are looked at, and kept in a bucket of their own. host is where viewers reach them, beside the host of ingress; with key_enabled their URLs are signed by the key view-key of functions_secret_name"
  type = object({
    host            = optional(string)
    key_enabled     = optional(bool, false)
    cache_gib       = optional(number, 10)
    expires_hours   = optional(number, 12)
    views_per_owner = optional(number, 32)
  })
  default = null
  validation {
    condition     = var.view == null ? true : var.images.view != null && alltrue([for count in [var.view.cache_gib, var.view.expires_hours, var.view.views_per_owner] : count >= 1 && floor(count) == count])
    error_message = "view needs images.view, and whole numbers of at least 1 for cache_gib, expires_hours and views_per_owner."
  }
  validation {
    condition     = try(var.view.host, null) == null ? true : var.ingress != null && can(regex("^[a-z0-9][-.a-z0-9]*[.][a-z]+$", var.view.host)) && var.view.host != try(var.ingress.host, "")
    error_message = "view.host needs ingress, and must be a full host name of its own, without wildcard."
  }
}

variable "event_rules" {
  description = "Rules by which files in the uploads bucket start jobs: the member rules of docs/events.md. They come by EventBridge, which needs ingress and event_connection"
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
  validation {
    condition     = var.event_rules == null || (var.ingress != null && var.event_connection != null)
    error_message = "event_rules needs ingress and event_connection: EventBridge delivers to https://HOST/v1/events and proves itself."
  }
}

variable "event_connection" {
  description = "Connection of EventBridge that holds the secret of the header X-Api-Key, and the SHA-256 of that secret: the secret itself is not told to Terraform"
  type = object({
    arn           = string
    secret_sha256 = list(string)
  })
  default = null
  validation {
    condition     = var.event_connection == null ? true : can(regex("^arn:aws[-a-z]*:events:[^:]+:[0-9]{12}:connection/", var.event_connection.arn)) && length(var.event_connection.secret_sha256) > 0 && alltrue([for sum in var.event_connection.secret_sha256 : can(regex("^[0-9a-f]{64}$", sum))])
    error_message = "event_connection needs the arn of a connection, and at least one secret_sha256 of 64 hexadecimal digits."
  }
}

variable "egress" {
  description = "Addresses that functions may reach beside each other, DNS, HTTPS of the public internet and the server of pod identities"
  type = list(object({
    cidr_block         = string
    ports              = list(number)
    except_cidr_blocks = optional(list(string), [])
  }))
  default  = []
  nullable = false
  validation {
    condition     = alltrue([for rule in var.egress : can(cidrnetmask(rule.cidr_block)) && length(rule.ports) > 0])
    error_message = "Each rule of egress must have a cidr_block, such as 10.1.2.0/24, and ports."
  }
}
