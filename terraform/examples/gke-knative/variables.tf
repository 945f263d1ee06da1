variable "project_id" {
  description = "Project of Google Cloud"
  type        = string
  default     = "example-project"
}

variable "functions_enabled" {
  description = "false for the first apply, before the namespace and its secrets are there"
  type        = bool
  default     = true
}

variable "restate_identity_public_key" {
  description = "publickeyv1_..., which Restate's server logs when it starts with the private half"
  type        = string
  default     = "publickeyv1_2G8dCQhArfvGpzPw5Vx2ALciR4xCLHfS5YaT93XjNxX9"
}
