output "api_url" {
  description = "Where api answers"
  value       = module.clearstack.api_url
}
