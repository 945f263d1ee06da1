resource "kubernetes_config_map_v1" "dashboard" {
  count = var.grafana_dashboard_enabled ? 1 : 0
  metadata {
    name      = "clearstack-dashboard"
    namespace = var.namespace
    labels    = merge(local.labels, { grafana_dashboard = "1" })
  }
  data = { "clearstack.json" = file("${path.module}/../../../infra/telemetry/dashboard.json") }
}

resource "kubernetes_manifest" "alerts" {
  count = var.prometheus_rules_enabled ? 1 : 0
  manifest = {
    apiVersion = "monitoring.coreos.com/v1"
    kind       = "PrometheusRule"
    metadata   = { name = "clearstack", namespace = var.namespace, labels = local.labels }
    spec       = yamldecode(file("${path.module}/../../../infra/telemetry/alerts.yml"))
  }
}
