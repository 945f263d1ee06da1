output "settings" {
  description = "Variables of each function"
  value = {
    for kind, own in local.own_settings : kind => {
      for name, value in merge(local.common_settings, { for name, value in own : name => value if value != null }, { OTEL_SERVICE_NAME = kind }) : name => value if value != null
    }
  }
}

output "secrets" {
  description = "Variables of each function that are secret, and the names of the secrets: token, state-key, webhook-secret, metrics-token, view-key"
  value       = { for kind in keys(local.own_settings) : kind => merge(local.shared_secrets, kind == "orchestrate" ? local.job_secrets : kind == "view" ? local.view_secrets : {}) }
}
