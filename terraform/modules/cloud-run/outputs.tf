output "api_url" {
  description = "Where api answers, to the project's own networks or to everybody"
  value       = local.urls.api
}

output "bucket_names" {
  description = "Buckets by what they hold: uploads, results, jobs, inbox, and views where there are some"
  value       = module.storage.bucket_names
}

output "metrics_urls" {
  description = "Where each function answers scrapers, within the project's networks"
  value       = { for name, url in local.urls : name => "${url}/metrics" }
}
