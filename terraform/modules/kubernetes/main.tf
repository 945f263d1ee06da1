# Runs api, orchestrate, deconvolve, pyramid and Restate in a namespace of any Kubernetes cluster.

module "settings" {
  source                = "../settings"
  allowed_sources       = var.allowed_sources
  allowed_outputs       = var.allowed_outputs
  api_keys_file_enabled = var.api_keys_secret_name != null
  cors_origins          = var.cors_origins
  currency              = var.currency
  deconvolve_urls       = local.deconvolve_urls
  device_json           = var.device_json
  engine                = var.engine
  environment           = var.environment
  event_configuration   = var.event_rules
  event_inbox_url       = var.event_inbox_url
  gpu = var.gpu == null ? null : {
    is_nvidia  = var.gpu.resource_name == "nvidia.com/gpu"
    memory_gib = var.gpu.memory_gib
    boxes      = var.gpu.boxes
  }
  instances_per_url     = 1
  jobs_at_once          = var.jobs_at_once
  jobs_url              = var.jobs_url
  metrics_token_enabled = var.metrics_token_enabled
  oidc                  = var.oidc
  otlp_endpoint         = var.otlp_endpoint
  patience_seconds      = var.patience_seconds
  price_per_gpu_second  = var.price_per_gpu_second
  pyramid_urls          = local.pyramid_urls
  quotas                = var.quotas
  retention_days        = var.retention_days
  runs_url              = "http://orchestrate.${var.namespace}.svc:8082"
  view = var.view == null ? null : {
    url             = "http://view.${var.namespace}.svc:8084"
    public_url      = var.view.host == null ? "http://view.${var.namespace}.svc:8084" : "https://${var.view.host}"
    cache_url       = var.view.cache_url
    key_enabled     = var.view.key_enabled
    cache_gib       = var.view.cache_gib
    expires_hours   = var.view.expires_hours
    views_per_owner = var.view.views_per_owner
  }
  tiles_per_owner    = var.tiles_per_owner
  trace_sample_ratio = var.trace_sample_ratio
  webhooks_enabled   = var.webhooks_enabled
}

resource "kubernetes_service_account_v1" "function" {
  for_each = merge(local.ports, local.uses_server ? { restate = 8080 } : {})
  metadata {
    name        = "clearstack-${each.key}"
    namespace   = var.namespace
    labels      = local.labels
    annotations = lookup(var.service_account_annotations, each.key, {})
  }
  automount_service_account_token = false
}

resource "kubernetes_deployment_v1" "function" {
  for_each = local.workloads
  metadata {
    name      = each.key
    namespace = var.namespace
    labels    = merge(local.labels, { "clearstack/function" = each.value.kind, "clearstack/workload" = each.key })
  }
  # A GPU may have to be waited for longer than Terraform does, and orchestrate is ready once an instance of deconvolve is.
  wait_for_rollout = contains(["api", "pyramid"], each.value.kind)
  spec {
    replicas = each.value.replicas
    selector {
      match_labels = { "clearstack/workload" = each.key }
    }
    strategy {
      type = "RollingUpdate"
      # The old pod goes first: it holds the GPU, or drives the jobs that the new one would have to wait for.
      rolling_update {
        max_surge       = each.value.kind == "api" ? 1 : 0
        max_unavailable = each.value.kind == "api" ? 0 : 1
      }
    }
    template {
      metadata {
        labels = merge(local.labels, { "clearstack/function" = each.value.kind, "clearstack/workload" = each.key })
      }
      spec {
        service_account_name            = kubernetes_service_account_v1.function[each.value.kind].metadata[0].name
        automount_service_account_token = false
        # Variables such as RESTATE_PORT, which the cluster makes of services, would be taken for settings.
        enable_service_links             = false
        termination_grace_period_seconds = 30
        runtime_class_name               = each.value.kind == "deconvolve" ? try(var.gpu.runtime_class_name, null) : null
        node_selector                    = each.value.kind == "deconvolve" ? try(var.gpu.node_selector, {}) : {}
        security_context {
          run_as_non_root = true
          run_as_user     = "65532"
          run_as_group    = "65532"
          fs_group        = "65532"
          seccomp_profile {
            type = "RuntimeDefault"
          }
        }
        dynamic "toleration" {
          for_each = each.value.kind == "deconvolve" ? try(var.gpu.toleration_keys, []) : []
          content {
            key      = toleration.value
            operator = "Exists"
          }
        }
        dynamic "image_pull_secrets" {
          for_each = var.image_pull_secret_names
          content {
            name = image_pull_secrets.value
          }
        }
        topology_spread_constraint {
          max_skew           = 1
          topology_key       = "kubernetes.io/hostname"
          when_unsatisfiable = "ScheduleAnyway"
          label_selector {
            match_labels = { "clearstack/function" = each.value.kind }
          }
        }
        container {
          name  = each.value.kind
          image = each.value.image
          port {
            name           = "http"
            container_port = local.ports[each.value.kind]
          }
          dynamic "port" {
            for_each = each.value.kind == "orchestrate" && local.uses_server ? [9080] : []
            content {
              name           = "restate"
              container_port = port.value
            }
          }
          dynamic "env" {
            for_each = local.settings[each.key]
            content {
              name  = env.key
              value = env.value
            }
          }
          dynamic "env" {
            for_each = module.settings.secrets[each.value.kind]
            content {
              name = env.key
              value_from {
                secret_key_ref {
                  name = var.functions_secret_name
                  key  = env.value
                }
              }
            }
          }
          dynamic "env" {
            for_each = each.value.kind == "orchestrate" ? ["metadata.name"] : []
            content {
              name = "CLEARSTACK_RUNNER"
              value_from {
                field_ref {
                  field_path = env.value
                }
              }
            }
          }
          dynamic "env_from" {
            for_each = var.store_secret_name == null ? [] : [var.store_secret_name]
            content {
              secret_ref {
                name = env_from.value
              }
            }
          }
          resources {
            requests = local.requests[each.value.kind]
            limits   = merge({ memory = local.requests[each.value.kind].memory }, each.value.kind == "deconvolve" ? local.gpu_limits : {})
          }
          security_context {
            allow_privilege_escalation = false
            read_only_root_filesystem  = true
            capabilities {
              drop = ["ALL"]
            }
          }
          volume_mount {
            name       = "tmp"
            mount_path = "/tmp"
          }
          dynamic "volume_mount" {
            for_each = each.value.kind == "api" && var.api_keys_secret_name != null ? ["keys"] : []
            content {
              name       = volume_mount.value
              mount_path = "/etc/clearstack"
              read_only  = true
            }
          }
          # Compiling kernels on a fresh GPU takes its time, and orchestrate waits for its store before it answers; nothing else is
          # probed before this has succeeded.
          startup_probe {
            http_get {
              path = each.value.kind == "deconvolve" ? "/readyz" : "/healthz"
              port = "http"
            }
            period_seconds    = 5
            timeout_seconds   = 60
            failure_threshold = 60 + (each.value.kind == "orchestrate" ? ceil(var.patience_seconds / 5) : 0)
          }
          readiness_probe {
            http_get {
              path = local.ready_paths[each.value.kind]
              port = "http"
            }
            period_seconds    = 10
            timeout_seconds   = 15
            failure_threshold = 3
          }
          liveness_probe {
            http_get {
              path = "/healthz"
              port = "http"
            }
            period_seconds    = 20
            timeout_seconds   = 15
            failure_threshold = 6
          }
        }
        volume {
          name = "tmp"
          empty_dir {
            size_limit = "1Gi"
          }
        }
        dynamic "volume" {
          for_each = each.value.kind == "api" && var.api_keys_secret_name != null ? [var.api_keys_secret_name] : []
          content {
            name = "keys"
            secret {
              secret_name  = volume.value
              default_mode = "0440"
              items {
                key  = "keys.json"
                path = "keys.json"
              }
            }
          }
        }
      }
    }
  }
}

resource "kubernetes_manifest" "deconvolve" {
  count    = var.knative == null ? 0 : 1
  manifest = local.knative_service
  # Knative writes into these by itself.
  computed_fields = ["metadata.annotations", "metadata.labels", "spec.template.metadata.annotations", "spec.template.spec.containers"]
  depends_on      = [kubernetes_service_account_v1.function]
}

resource "kubernetes_service_v1" "function" {
  for_each = local.workloads
  metadata {
    name        = each.key
    namespace   = var.namespace
    labels      = merge(local.labels, { "clearstack/function" = each.value.kind })
    annotations = contains(local.entrances, each.value.kind) ? try(var.ingress.service_annotations, {}) : {}
  }
  spec {
    type     = "ClusterIP"
    selector = { "clearstack/workload" = each.key }
    # Restate reaches a release also while it is not ready for callers, to learn of it and to end what it began there.
    publish_not_ready_addresses = each.value.kind == "orchestrate"
    port {
      name        = "http"
      port        = local.ports[each.value.kind]
      target_port = "http"
    }
    dynamic "port" {
      for_each = each.value.kind == "orchestrate" && local.uses_server ? [9080] : []
      content {
        name         = "restate"
        port         = port.value
        target_port  = "restate"
        app_protocol = "kubernetes.io/h2c"
      }
    }
  }
}

# The way of api to orchestrate, always to the newest release.
resource "kubernetes_service_v1" "orchestrate" {
  metadata {
    name      = "orchestrate"
    namespace = var.namespace
    labels    = local.labels
  }
  spec {
    type     = "ClusterIP"
    selector = { "clearstack/workload" = local.current_release }
    port {
      name        = "http"
      port        = local.ports.orchestrate
      target_port = "http"
    }
  }
}

resource "kubernetes_pod_disruption_budget_v1" "function" {
  for_each = local.ports
  metadata {
    name      = each.key
    namespace = var.namespace
    labels    = local.labels
  }
  spec {
    # One at a time, and never none: a budget that allows no disruption of a single pod would hold up every drain of a node.
    max_unavailable = "1"
    selector {
      match_labels = { "clearstack/function" = each.key }
    }
  }
}

resource "kubernetes_ingress_v1" "api" {
  count = var.ingress == null ? 0 : 1
  metadata {
    name        = "api"
    namespace   = var.namespace
    labels      = local.labels
    annotations = merge(var.ingress.annotations, var.ingress.certificate_annotations)
  }
  spec {
    ingress_class_name = var.ingress.class_name
    dynamic "tls" {
      for_each = var.ingress.tls_secret_name == null ? [] : [var.ingress.tls_secret_name]
      content {
        hosts       = values(local.hosts)
        secret_name = tls.value
      }
    }
    dynamic "rule" {
      for_each = local.hosts
      content {
        host = rule.value
        http {
          path {
            path      = "/"
            path_type = "Prefix"
            backend {
              service {
                name = kubernetes_service_v1.function[rule.key].metadata[0].name
                port {
                  name = "http"
                }
              }
            }
          }
        }
      }
    }
  }
}
