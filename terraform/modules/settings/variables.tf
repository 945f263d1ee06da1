# Where things are on this platform. Modules of platforms work these out and check what they were told.

variable "allowed_sources" {
  description = "URLs below which images and PSFs may lie"
  type        = list(string)
}

variable "allowed_outputs" {
  description = "URLs below which outputs may be written"
  type        = list(string)
}

variable "engine" {
  description = "What drives the tasks of jobs: restate or local"
  type        = string
}

variable "jobs_url" {
  description = "URL of the store of jobs and shards"
  type        = string
}

variable "runs_url" {
  description = "URL at which api finds orchestrate"
  type        = string
}

variable "deconvolve_urls" {
  description = "URLs of the instances of deconvolve"
  type        = list(string)
}

variable "pyramid_urls" {
  description = "URLs of the instances of pyramid"
  type        = list(string)
}

variable "instances_per_url" {
  description = "Instances behind each URL of deconvolve and pyramid"
  type        = number
}

variable "api_keys_file_enabled" {
  description = "Whether the keys of callers are mounted at /etc/clearstack/keys.json"
  type        = bool
}

variable "event_configuration" {
  description = "Configuration of upload events: sources and rules"
  type        = any
}

variable "event_inbox_url" {
  description = "URL where accepted events wait until orchestrate has their jobs"
  type        = string
}

variable "gpu" {
  description = "GPU of an instance of deconvolve; null computes on the CPU"
  type = object({
    is_nvidia  = bool
    memory_gib = optional(number)
    boxes      = optional(number)
  })
}

variable "view" {
  description = "The function view, if there is one: where it is, for functions and for viewers, and what it keeps"
  type = object({
    url             = string
    public_url      = string
    cache_url       = string
    key_enabled     = bool
    cache_gib       = number
    expires_hours   = number
    views_per_owner = number
  })
}
