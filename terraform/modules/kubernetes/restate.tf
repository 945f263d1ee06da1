resource "kubernetes_service_v1" "restate" {
  count = local.uses_server ? 1 : 0
  metadata {
    name      = "restate"
    namespace = var.namespace
    labels    = local.labels
  }
  spec {
    type     = "ClusterIP"
    selector = { "clearstack/function" = "restate" }
    port {
      name        = "ingress"
      port        = 8080
      target_port = "ingress"
    }
    port {
      name        = "admin"
      port        = 9070
      target_port = "admin"
    }
  }
}

resource "kubernetes_stateful_set_v1" "restate" {
  count = local.uses_server ? 1 : 0
  metadata {
    name      = "restate"
    namespace = var.namespace
    labels    = merge(local.labels, { "clearstack/function" = "restate" })
  }
  spec {
    service_name = kubernetes_service_v1.restate[0].metadata[0].name
    replicas     = "1"
    selector {
      match_labels = { "clearstack/function" = "restate" }
    }
    # The journal outlives the server, and the module.
    persistent_volume_claim_retention_policy {
      when_deleted = "Retain"
      when_scaled  = "Retain"
    }
    template {
      metadata {
        labels = merge(local.labels, { "clearstack/function" = "restate" })
      }
      spec {
        service_account_name             = kubernetes_service_account_v1.function["restate"].metadata[0].name
        automount_service_account_token  = false
        enable_service_links             = false
        termination_grace_period_seconds = 60
        security_context {
          run_as_non_root = true
          run_as_user     = "65532"
          run_as_group    = "65532"
          fs_group        = "65532"
          seccomp_profile {
            type = "RuntimeDefault"
          }
        }
        dynamic "image_pull_secrets" {
          for_each = var.image_pull_secret_names
          content {
            name = image_pull_secrets.value
          }
        }
        container {
          name  = "restate"
          image = var.images.restate
          port {
            name           = "ingress"
            container_port = 8080
          }
          port {
            name           = "admin"
            container_port = 9070
          }
          dynamic "env" {
            for_each = local.restate_settings
            content {
              name  = env.key
              value = env.value
            }
          }
          resources {
            requests = {
              cpu    = "${ceil(var.restate.cpu_cores * 1000)}m"
              memory = "${ceil(var.restate.memory_gib * 1024)}Mi"
            }
            limits = {
              memory = "${ceil(var.restate.memory_gib * 1024)}Mi"
            }
          }
          security_context {
            allow_privilege_escalation = false
            read_only_root_filesystem  = true
            capabilities {
              drop = ["ALL"]
            }
          }
          volume_mount {
            name       = "data"
            mount_path = "/restate-data"
          }
          volume_mount {
            name       = "tmp"
            mount_path = "/tmp"
          }
          volume_mount {
            name       = "identity"
            mount_path = "/run/secrets/restate"
            read_only  = true
          }
          # The journal is read before a server answers, which takes longer the more of it there is.
          startup_probe {
            http_get {
              path = "/restate/health"
              port = "ingress"
            }
            period_seconds    = 5
            failure_threshold = 120
          }
          readiness_probe {
            http_get {
              path = "/restate/health"
              port = "ingress"
            }
            period_seconds  = 10
            timeout_seconds = 5
          }
          liveness_probe {
            http_get {
              path = "/health"
              port = "admin"
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
        volume {
          name = "identity"
          secret {
            secret_name  = var.restate_identity_secret_name
            default_mode = "0440"
            items {
              key  = "private.pem"
              path = "private.pem"
            }
          }
        }
      }
    }
    volume_claim_template {
      metadata {
        name = "data"
      }
      spec {
        access_modes       = ["ReadWriteOnce"]
        storage_class_name = var.restate.storage_class_name
        resources {
          requests = {
            storage = "${var.restate.storage_gib}Gi"
          }
        }
      }
    }
  }
}
