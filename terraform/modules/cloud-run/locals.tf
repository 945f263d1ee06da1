locals {
  functions = toset(concat(["api", "orchestrate", "deconvolve", "pyramid"], var.view == null ? [] : ["view"]))
  # These URLs follow from names, so that functions can be told of each other before they are there.
  urls = { for name in local.functions : name => "https://${var.name}-${name}-${data.google_project.this.number}.${var.region}.run.app" }

  # What the addresses will be, known before the accounts are there.
  emails = { for name, account in google_service_account.function : name => "${account.account_id}@${var.project_id}.iam.gserviceaccount.com" }

  # What each function is told and given, once for the four services.
  secret_ids = {
    token            = var.secret_ids.token
    "state-key"      = var.secret_ids.state_key
    "webhook-secret" = var.secret_ids.webhook_secret
    "metrics-token"  = var.secret_ids.metrics_token
    "view-key"       = var.secret_ids.view_key
  }
  secrets = {
    for kind, names in module.settings.secrets : kind => { for variable, name in names : variable => local.secret_ids[name] }
  }
  accesses = merge(
    merge([for kind, names in local.secrets : { for variable, id in names : "${kind}-${variable}" => { function = kind, id = id } }]...),
    var.secret_ids.api_keys == null ? {} : { "api-CLEARSTACK_KEYS" = { function = "api", id = var.secret_ids.api_keys } },
  )
  limits = {
    for kind, size in var.resources : kind => merge(
      { cpu = tostring(size.cpu_cores), memory = "${ceil(size.memory_gib * 1024)}Mi" },
      kind == "deconvolve" ? { "nvidia.com/gpu" = "1" } : {},
    )
  }
  # The process of the local engine drives jobs between requests, so there is one, with a processor at all times.
  scaling = {
    api         = { min = var.event_rules == null ? 0 : 1, max = 4, requests = 80 }
    orchestrate = { min = 1, max = 1, requests = 80 }
    deconvolve  = { min = 0, max = var.gpu.max_instances, requests = 1 }
    pyramid     = { min = 0, max = var.gpu.max_instances, requests = 1 }
    # It counts what lies in its cache, so there is one.
    view = { min = 0, max = 1, requests = 80 }
  }
  audience = "${var.name}-uploads"
}
