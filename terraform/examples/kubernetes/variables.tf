variable "restate_identity_public_key" {
  description = "publickeyv1_..., which Restate's server logs when it starts with the private half"
  type        = string
  default     = "publickeyv1_2G8dCQhArfvGpzPw5Vx2ALciR4xCLHfS5YaT93XjNxX9"
}
