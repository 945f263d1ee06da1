# Makes a GKE cluster whose GPU nodes are there only while tiles come, buckets with an identity for each function, and jobs that
# start when a file arrives; the module kubernetes runs the functions in it.

module "storage" {
  source = "../google-storage"
  # Known, and there once the services are.
  project_id          = google_project_service.used["pubsub.googleapis.com"].project
  region              = var.region
  name                = var.name
  members             = { for name in ["api", "orchestrate", "deconvolve", "pyramid", "view"] : name => "${local.pods}/clearstack-${name}" }
  source_bucket_names = var.source_bucket_names
  kept_days           = var.kept_days
  views_enabled       = var.view != null
  events              = local.has_events ? { url = local.events_url, audience = local.events_url } : null
}

resource "helm_release" "knative_operator" {
  name             = "knative-operator"
  namespace        = "knative-operator"
  create_namespace = true
  repository       = "https://knative.github.io/operator"
  chart            = "knative-operator"
  version          = var.knative.operator_version
  depends_on       = [google_container_node_pool.system, google_compute_firewall.webhooks, google_compute_router_nat.this]
}

resource "helm_release" "knative_serving" {
  name             = "knative-serving"
  namespace        = "knative-serving"
  create_namespace = true
  chart            = "${path.module}/../../charts/knative-serving"
  values           = [yamlencode({ timeoutSeconds = var.knative.timeout_seconds, registry = split("/", var.images.deconvolve)[0] })]
  depends_on       = [helm_release.knative_operator]
}

resource "google_compute_global_address" "api" {
  count   = var.ingress == null ? 0 : 1
  project = var.project_id
  name    = "${var.name}-api"
}

resource "google_compute_managed_ssl_certificate" "api" {
  count   = var.ingress == null ? 0 : 1
  project = var.project_id
  # A certificate cannot be changed: one for other hosts takes its place, and has to be there first.
  name = "${var.name}-${substr(sha256(join(" ", local.hosts)), 0, 8)}"
  managed {
    domains = local.hosts
  }
  lifecycle {
    create_before_destroy = true
  }
}

# A balancer would end an answer after 30 s, and events of a job come for as long as it takes.
resource "kubernetes_manifest" "backend" {
  count = var.functions_enabled && var.ingress != null ? 1 : 0
  manifest = {
    apiVersion = "cloud.google.com/v1"
    kind       = "BackendConfig"
    metadata   = { name = "clearstack", namespace = var.namespace }
    spec = {
      timeoutSec         = 86400
      connectionDraining = { drainingTimeoutSec = 60 }
      healthCheck        = { type = "HTTP", requestPath = "/healthz" }
    }
  }
}

module "functions" {
  count                       = var.functions_enabled ? 1 : 0
  source                      = "../kubernetes"
  namespace                   = var.namespace
  images                      = var.images
  draining_orchestrate_images = var.draining_orchestrate_images
  engine                      = var.engine
  instances                   = merge(var.instances, { deconvolve = 0 })
  resources                   = var.resources
  gpu = {
    node_selector   = { "cloud.google.com/gke-accelerator" = var.gpu.type }
    toleration_keys = ["nvidia.com/gpu"]
    memory_gib      = var.gpu.memory_gib
    boxes           = var.gpu.boxes
  }
  knative = {
    max_instances         = var.gpu.max_nodes
    requests_per_instance = 1
    idle_seconds          = var.knative.idle_seconds
    timeout_seconds       = var.knative.timeout_seconds
    node_wait_minutes     = var.knative.node_wait_minutes
    namespaces            = ["knative-serving"]
  }

  jobs_url        = "gs://${module.storage.bucket_names.jobs}/jobs"
  allowed_sources = [for name in concat([module.storage.bucket_names.uploads], var.source_bucket_names) : "gs://${name}/"]
  allowed_outputs = ["gs://${module.storage.bucket_names.results}/"]
  event_rules = local.has_events ? {
    sources = module.storage.event_configuration
    rules   = var.event_rules
  } : null
  event_inbox_url = local.has_events ? "gs://${module.storage.bucket_names.inbox}/inbox" : null

  view = var.view == null ? null : merge(var.view, { cache_url = "gs://${module.storage.bucket_names.views}/views" })

  functions_secret_name        = var.functions_secret_name
  api_keys_secret_name         = var.api_keys_secret_name
  oidc                         = var.oidc
  webhooks_enabled             = var.webhooks_enabled
  metrics_token_enabled        = var.metrics_token_enabled
  restate                      = var.restate
  restate_identity_public_key  = var.restate_identity_public_key
  restate_identity_secret_name = var.restate_identity_secret_name

  quotas               = var.quotas
  price_per_gpu_second = var.price_per_gpu_second
  currency             = var.currency
  retention_days       = var.retention_days
  patience_seconds     = max(var.patience_seconds, var.knative.node_wait_minutes * 60)
  jobs_at_once         = var.jobs_at_once
  tiles_per_owner      = var.tiles_per_owner
  device_json          = var.device_json
  cors_origins         = var.cors_origins
  environment          = var.environment

  ingress = var.ingress == null ? null : {
    host = var.ingress.host
    certificate_annotations = {
      "ingress.gcp.kubernetes.io/pre-shared-cert" = google_compute_managed_ssl_certificate.api[0].name
      "kubernetes.io/ingress.allow-http"          = "false"
    }
    annotations = {
      # Google's controller goes by the older annotation of the class, beside which the newer field may not be.
      "kubernetes.io/ingress.class"                 = "gce"
      "kubernetes.io/ingress.global-static-ip-name" = google_compute_global_address.api[0].name
    }
    service_annotations = {
      "cloud.google.com/neg"            = jsonencode({ ingress = true })
      "cloud.google.com/backend-config" = jsonencode({ default = "clearstack" })
    }
    # Google's balancers and their probes.
    balancer_cidr_blocks = ["130.211.0.0/22", "35.191.0.0/16"]
  }
  client_namespaces         = var.client_namespaces
  monitoring_namespaces     = var.monitoring_namespaces
  egress                    = local.egress
  otlp_endpoint             = var.otlp_endpoint
  trace_sample_ratio        = var.trace_sample_ratio
  image_pull_secret_names   = var.image_pull_secret_names
  grafana_dashboard_enabled = var.grafana_dashboard_enabled
  prometheus_rules_enabled  = var.prometheus_rules_enabled
  depends_on                = [helm_release.knative_serving]
}
