# Nothing reaches or leaves a pod of Clearstack but what is allowed below.
resource "kubernetes_network_policy_v1" "deny" {
  metadata {
    name      = "clearstack-deny"
    namespace = var.namespace
    labels    = local.labels
  }
  spec {
    policy_types = ["Ingress", "Egress"]
    pod_selector {
      match_labels = { "app.kubernetes.io/part-of" = "clearstack" }
    }
  }
}

resource "kubernetes_network_policy_v1" "call_in" {
  for_each = local.calls
  metadata {
    name      = "clearstack-${each.key}-in"
    namespace = var.namespace
    labels    = local.labels
  }
  spec {
    policy_types = ["Ingress"]
    pod_selector {
      match_labels = { "clearstack/function" = each.value.to }
    }
    ingress {
      from {
        pod_selector {
          match_labels = { "clearstack/function" = each.value.from }
        }
      }
      dynamic "ports" {
        for_each = each.value.ports
        content {
          port = ports.value
        }
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "call_out" {
  for_each = local.calls
  metadata {
    name      = "clearstack-${each.key}-out"
    namespace = var.namespace
    labels    = local.labels
  }
  spec {
    policy_types = ["Egress"]
    pod_selector {
      match_labels = { "clearstack/function" = each.value.from }
    }
    egress {
      to {
        pod_selector {
          match_labels = { "clearstack/function" = each.value.to }
        }
      }
      dynamic "ports" {
        for_each = each.value.ports
        content {
          port = ports.value
        }
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "clients" {
  for_each = local.client_namespaces
  metadata {
    name      = "clearstack-clients-${each.key}"
    namespace = var.namespace
    labels    = local.labels
  }
  spec {
    policy_types = ["Ingress"]
    pod_selector {
      match_expressions {
        key      = "clearstack/function"
        operator = "In"
        values   = local.entrances
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = { "kubernetes.io/metadata.name" = each.key }
        }
      }
      dynamic "ports" {
        for_each = local.entrances
        content {
          port = local.ports[ports.value]
        }
      }
    }
  }
}

# A balancer of the cloud calls pods from addresses, not from a namespace.
resource "kubernetes_network_policy_v1" "balancer" {
  count = length(local.balancer_cidr_blocks) == 0 ? 0 : 1
  metadata {
    name      = "clearstack-balancer"
    namespace = var.namespace
    labels    = local.labels
  }
  spec {
    policy_types = ["Ingress"]
    pod_selector {
      match_expressions {
        key      = "clearstack/function"
        operator = "In"
        values   = local.entrances
      }
    }
    ingress {
      dynamic "from" {
        for_each = local.balancer_cidr_blocks
        content {
          ip_block {
            cidr = from.value
          }
        }
      }
      dynamic "ports" {
        for_each = local.entrances
        content {
          port = local.ports[ports.value]
        }
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "scrapers" {
  for_each = toset(var.monitoring_namespaces)
  metadata {
    name      = "clearstack-scrapers-${each.key}"
    namespace = var.namespace
    labels    = local.labels
  }
  spec {
    policy_types = ["Ingress"]
    pod_selector {
      match_expressions {
        key      = "clearstack/function"
        operator = "In"
        values   = keys(local.ports)
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = { "kubernetes.io/metadata.name" = each.key }
        }
      }
      dynamic "ports" {
        for_each = values(local.ports)
        content {
          port = ports.value
        }
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "dns" {
  metadata {
    name      = "clearstack-dns"
    namespace = var.namespace
    labels    = local.labels
  }
  spec {
    policy_types = ["Egress"]
    pod_selector {
      match_labels = { "app.kubernetes.io/part-of" = "clearstack" }
    }
    egress {
      to {
        namespace_selector {
          match_labels = { "kubernetes.io/metadata.name" = "kube-system" }
        }
      }
      # The usual address of a cache on the node itself.
      to {
        ip_block {
          cidr = "169.254.20.10/32"
        }
      }
      dynamic "ports" {
        for_each = ["UDP", "TCP"]
        content {
          port     = 53
          protocol = ports.value
        }
      }
    }
  }
}

# Restate calls orchestrate and nobody else.
resource "kubernetes_network_policy_v1" "egress" {
  metadata {
    name      = "clearstack-egress"
    namespace = var.namespace
    labels    = local.labels
  }
  spec {
    policy_types = ["Egress"]
    pod_selector {
      match_expressions {
        key      = "clearstack/function"
        operator = "In"
        values   = keys(local.ports)
      }
    }
    dynamic "egress" {
      for_each = var.egress
      content {
        to {
          ip_block {
            cidr   = egress.value.cidr_block
            except = egress.value.except_cidr_blocks
          }
        }
        dynamic "ports" {
          for_each = egress.value.ports
          content {
            port = ports.value
          }
        }
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "knative_in" {
  for_each = local.knative_namespaces
  metadata {
    name      = "clearstack-${each.key}-in"
    namespace = var.namespace
    labels    = local.labels
  }
  spec {
    policy_types = ["Ingress"]
    pod_selector {
      match_labels = { "clearstack/function" = "deconvolve" }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = { "kubernetes.io/metadata.name" = each.key }
        }
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "knative_out" {
  for_each = local.knative_namespaces
  metadata {
    name      = "clearstack-${each.key}-out"
    namespace = var.namespace
    labels    = local.labels
  }
  spec {
    policy_types = ["Egress"]
    pod_selector {
      match_expressions {
        key      = "clearstack/function"
        operator = "In"
        values   = local.has_view ? ["orchestrate", "view"] : ["orchestrate"]
      }
    }
    egress {
      to {
        namespace_selector {
          match_labels = { "kubernetes.io/metadata.name" = each.key }
        }
      }
    }
  }
}
