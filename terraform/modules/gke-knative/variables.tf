variable "project_id" {
  description = "Project of Google Cloud"
  type        = string
  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be the id of a project: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of the cluster and of the buckets, such as europe-west4"
  type        = string
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region, such as europe-west4, not a zone."
  }
}

variable "name" {
  description = "Name of the cluster, and what names of buckets, topics and accounts begin with; buckets have it in common with the whole world"
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

variable "admin_cidr_blocks" {
  description = "Address ranges from which the cluster may be administrated, that of whoever applies this included"
  type        = list(string)
  validation {
    condition     = alltrue([for block in var.admin_cidr_blocks : can(cidrnetmask(block)) && !endswith(block, "/0")])
    error_message = "Each of admin_cidr_blocks must be an address range, such as 203.0.113.0/28, and not everybody's."
  }
}

variable "network_cidr_blocks" {
  description = "Address ranges of nodes, pods, services and the control plane in the network that the module makes"
  type = object({
    nodes         = optional(string, "10.64.0.0/20")
    pods          = optional(string, "10.68.0.0/14")
    services      = optional(string, "10.72.0.0/20")
    control_plane = optional(string, "172.16.0.0/28")
  })
  default  = {}
  nullable = false
  validation {
    condition     = alltrue([for block in values(var.network_cidr_blocks) : can(cidrnetmask(block))]) && endswith(var.network_cidr_blocks.control_plane, "/28")
    error_message = "nodes, pods, services and control_plane of network_cidr_blocks must be address ranges, the last of the size /28."
  }
}

variable "system_nodes" {
  description = "Nodes that run everything but deconvolve, in each zone of the region"
  type = object({
    machine_type = optional(string, "e2-standard-4")
    max_nodes    = optional(number, 3)
    disk_size_gb = optional(number, 50)
  })
  default  = {}
  nullable = false
  validation {
    condition     = var.system_nodes.max_nodes >= 1 && floor(var.system_nodes.max_nodes) == var.system_nodes.max_nodes && var.system_nodes.disk_size_gb >= 20
    error_message = "system_nodes needs max_nodes of at least 1, and disk_size_gb of at least 20."
  }
}

variable "image_repository" {
  description = "Repository of Artifact Registry that nodes may read, projects/PROJECT/locations/LOCATION/repositories/NAME, if the images are in one"
  type        = string
  default     = null
  validation {
    condition     = var.image_repository == null ? true : can(regex("^projects/[^/]+/locations/[^/]+/repositories/[^/]+$", var.image_repository))
    error_message = "image_repository must be projects/PROJECT/locations/LOCATION/repositories/NAME."
  }
}

variable "gpu" {
  description = "GPU nodes, one GPU each: there is none until a tile comes. zones must have that GPU; memory_gib and boxes bound what an instance takes of it"
  type = object({
    type         = string
    machine_type = string
    zones        = list(string)
    max_nodes    = number
    spot_enabled = optional(bool, false)
    disk_size_gb = optional(number, 100)
    memory_gib   = optional(number)
    boxes        = optional(number)
  })
  validation {
    condition     = contains(["nvidia-tesla-t4", "nvidia-tesla-v100", "nvidia-l4", "nvidia-tesla-a100", "nvidia-a100-80gb", "nvidia-h100-80gb", "nvidia-rtx-pro-6000"], var.gpu.type)
    error_message = "gpu.type must be nvidia-tesla-t4, nvidia-tesla-v100, nvidia-l4, nvidia-tesla-a100, nvidia-a100-80gb, nvidia-h100-80gb or nvidia-rtx-pro-6000."
  }
  validation {
    condition     = var.gpu.max_nodes >= 1 && floor(var.gpu.max_nodes) == var.gpu.max_nodes && var.gpu.disk_size_gb >= 50
    error_message = "gpu needs max_nodes, a whole number of at least 1, and disk_size_gb of at least 50."
  }
  validation {
    condition     = length(var.gpu.zones) > 0 && alltrue([for zone in var.gpu.zones : startswith(zone, "${var.region}-")])
    error_message = "gpu.zones must name at least one zone of region."
  }
}

variable "knative" {
  description = "How deconvolve scales: seconds without a tile until an instance ends, and the longest time of a tile and of the wait for a node"
  type = object({
    idle_seconds      = optional(number, 300)
    timeout_seconds   = optional(number, 3600)
    node_wait_minutes = optional(number, 30)
    operator_version  = optional(string, "v1.18.1")
  })
  default  = {}
  nullable = false
  validation {
    condition     = var.knative.idle_seconds >= 0 && var.knative.timeout_seconds >= 60 && var.knative.node_wait_minutes >= 1
    error_message = "knative needs idle_seconds of at least 0, timeout_seconds of at least 60 and node_wait_minutes of at least 1."
  }
}

variable "instances" {
  description = "Instances of each function but deconvolve, whose number gpu.max_nodes bounds"
  type = object({
    api         = optional(number, 2)
    orchestrate = optional(number, 1)
    pyramid     = optional(number, 1)
  })
  default  = {}
  nullable = false
  validation {
    condition     = alltrue([for count in values(var.instances) : count >= 1 && count <= 1000 && floor(count) == count])
    error_message = "instances must be whole numbers from 1 to 1000."
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

variable "ingress" {
  description = "Host at which api is reached from outside, behind Google's balancer with a certificate that Google manages; null keeps it inside of the cluster"
  type = object({
    host = string
  })
  default = null
  validation {
    condition     = var.ingress == null ? true : can(regex("^[a-z0-9][-.a-z0-9]*[.][a-z]+$", var.ingress.host))
    error_message = "ingress.host must be a full name without wildcard."
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
  description = "Rules by which files in the uploads bucket start jobs: the member rules of docs/events.md. They come by Pub/Sub, which needs ingress"
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
    condition     = var.event_rules == null || var.ingress != null
    error_message = "event_rules needs ingress: Pub/Sub delivers to https://HOST/v1/events."
  }
}

variable "egress" {
  description = "Addresses that functions may reach beside each other, DNS, HTTPS of the public internet and Google's servers of identity"
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
