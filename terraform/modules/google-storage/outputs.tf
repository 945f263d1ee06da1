output "bucket_names" {
  description = "Buckets by what they hold: uploads, results, jobs, inbox, and views where there are some"
  value       = { for kind, bucket in google_storage_bucket.this : kind => bucket.name }
}

output "event_configuration" {
  description = "Sources of upload events, as api is told them"
  value       = var.events == null ? null : { pubsub = { audience = var.events.audience, emails = [local.events_email] } }
}
