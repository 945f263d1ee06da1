# Works out the environment of each function. It needs no provider; kubernetes and cloud-run use it.

locals {
  common_settings = merge(
    {
      HOST                     = "0.0.0.0"
      HOME                     = "/tmp"
      GLIBC_TUNABLES           = "glibc.malloc.arena_max=2:glibc.malloc.mmap_threshold=1048576:glibc.malloc.hugetlb=1"
      CLEARSTACK_ALLOW_SOURCES = join(" ", var.allowed_sources)
      CLEARSTACK_ALLOW_OUTPUTS = join(" ", var.allowed_outputs)
    },
    var.otlp_endpoint == null ? {} : {
      OTEL_DENO                   = "true"
      OTEL_EXPORTER_OTLP_ENDPOINT = var.otlp_endpoint
      OTEL_TRACES_SAMPLER         = "parentbased_traceidratio"
      OTEL_TRACES_SAMPLER_ARG     = tostring(var.trace_sample_ratio)
    },
    var.environment,
  )
  own_settings = {
    for kind, settings in local.all_settings : kind => settings if kind != "view" || var.view != null
  }
  # Views are stored by those that compute them, in a place that no job may write to.
  stored_views = var.view == null ? null : join(" ", concat(var.allowed_outputs, [var.view.cache_url]))
  all_settings = {
    api = {
      CLEARSTACK_RUNS_URL    = var.runs_url
      CLEARSTACK_VIEWS_URL   = try(var.view.url, null)
      CLEARSTACK_KEYS        = var.api_keys_file_enabled ? "/etc/clearstack/keys.json" : null
      CLEARSTACK_OIDC        = var.oidc == null ? null : jsonencode({ for name, value in var.oidc : name => value if value != null })
      CLEARSTACK_QUOTAS      = alltrue([for value in values(var.quotas) : value == null]) ? null : jsonencode({ for name, value in var.quotas : name => value if value != null })
      CLEARSTACK_CORS        = length(var.cors_origins) == 0 ? null : join(" ", var.cors_origins)
      CLEARSTACK_EVENT_RULES = var.event_configuration == null ? null : jsonencode(var.event_configuration)
      CLEARSTACK_EVENT_INBOX = var.event_inbox_url
    }
    orchestrate = {
      CLEARSTACK_JOBS                 = var.jobs_url
      CLEARSTACK_ENGINE               = var.engine
      CLEARSTACK_TILES_URL            = join(" ", var.deconvolve_urls)
      CLEARSTACK_PYRAMID_URL          = join(" ", var.pyramid_urls)
      CLEARSTACK_INSTANCES_PER_URL    = tostring(var.instances_per_url)
      CLEARSTACK_DEVICE               = var.device_json
      CLEARSTACK_PATIENCE             = "${var.patience_seconds}s"
      CLEARSTACK_JOBS_AT_ONCE         = tostring(var.jobs_at_once)
      CLEARSTACK_TILES_PER_OWNER      = var.tiles_per_owner == null ? null : tostring(var.tiles_per_owner)
      CLEARSTACK_PRICE_PER_GPU_SECOND = var.price_per_gpu_second == null ? null : tostring(var.price_per_gpu_second)
      CLEARSTACK_CURRENCY             = var.price_per_gpu_second == null ? null : var.currency
      CLEARSTACK_RETENTION            = var.retention_days == null ? null : "${var.retention_days}d"
    }
    deconvolve = {
      CLEARSTACK_ALLOW_OUTPUTS   = local.stored_views
      CLEARSTACK_REQUIRE_GPU     = var.gpu == null ? null : "1"
      CLEARSTACK_DEVICE_MEMORY   = try(var.gpu.memory_gib, null) == null ? null : "${var.gpu.memory_gib}GiB"
      CLEARSTACK_GPU_BOXES       = try(var.gpu.boxes, null) == null ? null : tostring(var.gpu.boxes)
      NVIDIA_DRIVER_CAPABILITIES = try(var.gpu.is_nvidia, false) ? "compute,graphics,utility" : null
    }
    pyramid = {
      CLEARSTACK_ALLOW_OUTPUTS = local.stored_views
    }
    view = {
      CLEARSTACK_ALLOW_OUTPUTS     = local.stored_views
      CLEARSTACK_RUNS_URL          = var.runs_url
      CLEARSTACK_TILES_URL         = join(" ", var.deconvolve_urls)
      CLEARSTACK_PYRAMID_URL       = join(" ", var.pyramid_urls)
      CLEARSTACK_INSTANCES_PER_URL = tostring(var.instances_per_url)
      CLEARSTACK_TILES_PER_OWNER   = var.tiles_per_owner == null ? null : tostring(var.tiles_per_owner)
      CLEARSTACK_VIEW_URL          = try(var.view.public_url, null)
      CLEARSTACK_VIEW_CACHE        = try(var.view.cache_url, null)
      CLEARSTACK_VIEW_CACHE_SIZE   = try("${var.view.cache_gib}GiB", null)
      CLEARSTACK_VIEW_EXPIRES      = try("${var.view.expires_hours}h", null)
      CLEARSTACK_VIEWS_PER_OWNER   = try(tostring(var.view.views_per_owner), null)
    }
  }

  # Each function is given the secrets that it needs, and no others.
  shared_secrets = merge({ CLEARSTACK_TOKEN = "token" }, var.metrics_token_enabled ? { CLEARSTACK_METRICS_TOKEN = "metrics-token" } : {})
  view_secrets   = try(var.view.key_enabled, false) ? { CLEARSTACK_VIEW_KEY = "view-key" } : {}
  job_secrets    = merge({ CLEARSTACK_STATE_KEY = "state-key" }, var.webhooks_enabled ? { CLEARSTACK_WEBHOOK_SECRET = "webhook-secret" } : {})
}
