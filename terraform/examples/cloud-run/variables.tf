variable "project_id" {
  description = "Project of Google Cloud"
  type        = string
  default     = "example-project"
}
