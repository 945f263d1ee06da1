output "cluster_name" {
  description = "Name of the cluster, for gcloud container clusters get-credentials"
  value       = google_container_cluster.this.name
}

output "cluster_endpoint" {
  description = "Address at which the cluster is administrated"
  value       = "https://${google_container_cluster.this.endpoint}"
}

output "cluster_ca_certificate" {
  description = "Certificate of the cluster, base64"
  value       = one(google_container_cluster.this.master_auth[*].cluster_ca_certificate)
}

output "bucket_names" {
  description = "Buckets by what they hold: uploads, results, jobs, inbox, and views where there are some"
  value       = module.storage.bucket_names
}

output "api_url" {
  description = "Where api answers: at its host, or else inside of the cluster"
  value       = one(module.functions[*].api_url)
}

output "ingress_address" {
  description = "Address that the name of ingress must lead to"
  value       = one(google_compute_global_address.api[*].address)
}

output "metrics_urls" {
  description = "Where each function answers scrapers"
  value       = one(module.functions[*].metrics_urls)
}
