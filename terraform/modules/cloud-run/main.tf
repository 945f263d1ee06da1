# Experimental. Cloud Run mounts a GPU for CUDA and no Vulkan driver: it computes only if the image of deconvolve has the very
# driver libraries of the host, so every instance has to deconvolve a small box on the GPU before it is given a request.

module "storage" {
  source              = "../google-storage"
  project_id          = google_project_service.used["pubsub.googleapis.com"].project
  region              = var.region
  name                = var.name
  members             = { for name, email in local.emails : name => "serviceAccount:${email}" }
  source_bucket_names = var.source_bucket_names
  kept_days           = var.kept_days
  views_enabled       = var.view != null
  events              = var.event_rules == null ? null : { url = "${local.urls.api}/v1/events", audience = local.audience }
}

module "settings" {
  source                = "../settings"
  allowed_sources       = [for name in concat([module.storage.bucket_names.uploads], var.source_bucket_names) : "gs://${name}/"]
  allowed_outputs       = ["gs://${module.storage.bucket_names.results}/"]
  api_keys_file_enabled = var.secret_ids.api_keys != null
  cors_origins          = var.cors_origins
  currency              = var.currency
  deconvolve_urls       = [local.urls.deconvolve]
  device_json           = var.device_json
  engine                = "local"
  environment           = var.environment
  event_configuration   = var.event_rules == null ? null : { sources = module.storage.event_configuration, rules = var.event_rules }
  event_inbox_url       = var.event_rules == null ? null : "gs://${module.storage.bucket_names.inbox}/inbox"
  gpu                   = { is_nvidia = true, memory_gib = var.gpu.memory_gib, boxes = var.gpu.boxes }
  instances_per_url     = var.gpu.max_instances
  jobs_at_once          = var.jobs_at_once
  jobs_url              = "gs://${module.storage.bucket_names.jobs}/jobs"
  metrics_token_enabled = var.metrics_token_enabled
  oidc                  = var.oidc
  otlp_endpoint         = var.otlp_endpoint
  patience_seconds      = var.patience_seconds
  price_per_gpu_second  = var.price_per_gpu_second
  pyramid_urls          = [local.urls.pyramid]
  quotas                = var.quotas
  retention_days        = var.retention_days
  runs_url              = local.urls.orchestrate
  tiles_per_owner       = var.tiles_per_owner
  trace_sample_ratio    = var.trace_sample_ratio
  view = var.view == null ? null : merge(var.view, {
    url         = local.urls.view
    public_url  = local.urls.view
    cache_url   = "gs://${module.storage.bucket_names.views}/views"
    key_enabled = var.secret_ids.view_key != null
  })
  webhooks_enabled = var.webhooks_enabled
}

data "google_project" "this" {
  project_id = var.project_id
}

resource "google_project_service" "used" {
  for_each           = toset(["compute.googleapis.com", "iam.googleapis.com", "pubsub.googleapis.com", "run.googleapis.com", "secretmanager.googleapis.com", "storage.googleapis.com"])
  project            = var.project_id
  service            = each.key
  disable_on_destroy = false
}

resource "google_service_account" "function" {
  for_each     = local.functions
  project      = var.project_id
  account_id   = "${var.name}-${each.key}"
  display_name = "Function ${each.key} of Clearstack"
}

resource "google_secret_manager_secret_iam_member" "function" {
  for_each  = local.accesses
  project   = var.project_id
  secret_id = each.value.id
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${local.emails[each.value.function]}"
}

resource "google_cloud_run_v2_service" "function" {
  for_each            = local.functions
  project             = google_project_service.used["run.googleapis.com"].project
  name                = "${var.name}-${each.key}"
  location            = var.region
  deletion_protection = var.deletion_protection_enabled
  labels              = { "clearstack-experimental" = tostring(var.experimental_accepted) }
  ingress             = contains(["api", "view"], each.key) && var.public_access_enabled ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_ONLY"
  # The functions ask for keys and tokens of their own in the header that Cloud Run would take for Google's.
  invoker_iam_disabled = true
  template {
    service_account                  = local.emails[each.key]
    timeout                          = "${var.timeout_seconds}s"
    max_instance_request_concurrency = local.scaling[each.key].requests
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    gpu_zonal_redundancy_disabled    = each.key == "deconvolve" ? true : null
    scaling {
      min_instance_count = local.scaling[each.key].min
      max_instance_count = local.scaling[each.key].max
    }
    dynamic "node_selector" {
      for_each = each.key == "deconvolve" ? [var.gpu.type] : []
      content {
        accelerator = node_selector.value
      }
    }
    # Calls between functions count as internal only where they go through the network.
    vpc_access {
      egress = "ALL_TRAFFIC"
      network_interfaces {
        network    = var.network.network
        subnetwork = var.network.subnetwork
      }
    }
    containers {
      image = var.images[each.key]
      ports {
        container_port = 8080
      }
      dynamic "env" {
        for_each = module.settings.settings[each.key]
        content {
          name  = env.key
          value = env.value
        }
      }
      dynamic "env" {
        for_each = local.secrets[each.key]
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = env.value
              version = "latest"
            }
          }
        }
      }
      resources {
        limits = local.limits[each.key]
        # An instance without a processor between requests would not drive jobs, hand events over or keep its GPU.
        cpu_idle          = each.key == "pyramid"
        startup_cpu_boost = each.key != "deconvolve"
      }
      # The gate: the answer is 200 once a box was deconvolved on the GPU and the result compared with plain sums.
      startup_probe {
        period_seconds    = 60
        timeout_seconds   = 60
        failure_threshold = 4
        http_get {
          path = each.key == "deconvolve" ? "/readyz" : "/healthz"
          port = 8080
        }
      }
      liveness_probe {
        period_seconds    = 20
        timeout_seconds   = 15
        failure_threshold = 6
        http_get {
          path = "/healthz"
          port = 8080
        }
      }
      dynamic "volume_mounts" {
        for_each = each.key == "api" && var.secret_ids.api_keys != null ? ["keys"] : []
        content {
          name       = volume_mounts.value
          mount_path = "/etc/clearstack"
        }
      }
    }
    dynamic "volumes" {
      for_each = each.key == "api" && var.secret_ids.api_keys != null ? [var.secret_ids.api_keys] : []
      content {
        name = "keys"
        secret {
          secret = volumes.value
          items {
            version = "latest"
            path    = "keys.json"
          }
        }
      }
    }
  }
  depends_on = [google_secret_manager_secret_iam_member.function]
}
