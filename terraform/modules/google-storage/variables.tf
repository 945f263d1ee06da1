# Modules of platforms check what they were told.

variable "project_id" {
  description = "Project of Google Cloud"
  type        = string
}

variable "region" {
  description = "Region of the buckets"
  type        = string
}

variable "name" {
  description = "What names of buckets, topics and accounts begin with"
  type        = string
}

variable "members" {
  description = "Identity of each function, as policies write it: api, orchestrate, deconvolve, pyramid, and view where there is one"
  type        = map(string)
}

variable "source_bucket_names" {
  description = "Buckets that are there already, which images and PSFs may be read from"
  type        = list(string)
}

variable "views_enabled" {
  description = "Whether there is a function view, which keeps what it shows"
  type        = bool
}

variable "kept_days" {
  description = "Days for which a bucket keeps what was deleted or replaced in it; that of views keeps nothing"
  type        = number
}

variable "events" {
  description = "Where the uploads bucket tells of new files, and for which audience; null tells nobody"
  type = object({
    url      = string
    audience = string
  })
}
