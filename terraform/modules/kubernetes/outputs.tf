output "api_url" {
  description = "Where api answers: at its host, or else inside of the cluster"
  value       = var.ingress == null ? "http://api.${var.namespace}.svc:8080" : "https://${var.ingress.host}"
}

output "service_account_names" {
  description = "Service account of each function, to bind an identity of the cloud to"
  value       = { for kind in keys(local.ports) : kind => kubernetes_service_account_v1.function[kind].metadata[0].name }
}

output "metrics_urls" {
  description = "Where each function answers scrapers"
  value       = { for name, workload in local.workloads : name => "http://${name}.${var.namespace}.svc:${local.ports[workload.kind]}/metrics" }
}

output "orchestrate_release" {
  description = "Name of the release that is given new jobs"
  value       = local.current_release
}
