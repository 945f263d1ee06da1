output "cluster_name" {
  description = "Name of the cluster"
  value       = module.clearstack.cluster_name
}

output "api_url" {
  description = "Where api answers"
  value       = module.clearstack.api_url
}

output "ingress_address" {
  description = "Address that the name of api must lead to"
  value       = module.clearstack.ingress_address
}

output "bucket_names" {
  description = "Buckets by what they hold"
  value       = module.clearstack.bucket_names
}
