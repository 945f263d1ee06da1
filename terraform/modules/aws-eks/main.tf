# Makes an EKS cluster with GPU nodes, buckets with an identity for each function, and jobs that start when a file arrives; the
# module kubernetes runs the functions in it.

resource "helm_release" "nvidia_device_plugin" {
  name       = "nvidia-device-plugin"
  namespace  = "kube-system"
  repository = "https://nvidia.github.io/k8s-device-plugin"
  chart      = "nvidia-device-plugin"
  version    = var.chart_versions.nvidia_device_plugin
  values     = [yamlencode({ tolerations = [{ key = "nvidia.com/gpu", operator = "Exists", effect = "NoSchedule" }] })]
  depends_on = [aws_eks_node_group.system]
}

resource "helm_release" "cluster_autoscaler" {
  name       = "cluster-autoscaler"
  namespace  = "kube-system"
  repository = "https://kubernetes.github.io/autoscaler"
  chart      = "cluster-autoscaler"
  version    = var.chart_versions.cluster_autoscaler
  values = [yamlencode({
    cloudProvider = "aws"
    awsRegion     = var.region
    autoDiscovery = { clusterName = aws_eks_cluster.this.name }
    rbac          = { serviceAccount = { name = aws_eks_pod_identity_association.autoscaler.service_account } }
  })]
  depends_on = [aws_eks_node_group.system, aws_eks_addon.this, aws_iam_role_policy.autoscaler]
}

resource "helm_release" "knative_operator" {
  count            = var.knative == null ? 0 : 1
  name             = "knative-operator"
  namespace        = "knative-operator"
  create_namespace = true
  repository       = "https://knative.github.io/operator"
  chart            = "knative-operator"
  version          = var.knative.operator_version
  depends_on       = [aws_eks_node_group.system, aws_eks_addon.this]
}

resource "helm_release" "knative_serving" {
  count            = var.knative == null ? 0 : 1
  name             = "knative-serving"
  namespace        = "knative-serving"
  create_namespace = true
  chart            = "${path.module}/../../charts/knative-serving"
  values           = [yamlencode({ timeoutSeconds = var.knative.timeout_seconds, registry = split("/", var.images.deconvolve)[0] })]
  depends_on       = [helm_release.knative_operator]
}

module "functions" {
  count                       = var.functions_enabled ? 1 : 0
  source                      = "../kubernetes"
  namespace                   = var.namespace
  images                      = var.images
  draining_orchestrate_images = var.draining_orchestrate_images
  engine                      = var.engine
  instances                   = var.instances
  resources                   = var.resources
  gpu = {
    node_selector   = { "nvidia.com/gpu.present" = "true" }
    toleration_keys = ["nvidia.com/gpu"]
    memory_gib      = var.gpu.memory_gib
    boxes           = var.gpu.boxes
  }
  knative = var.knative == null ? null : {
    max_instances         = var.knative.max_instances
    requests_per_instance = 1
    idle_seconds          = var.knative.idle_seconds
    timeout_seconds       = var.knative.timeout_seconds
    node_wait_minutes     = var.knative.node_wait_minutes
    namespaces            = ["knative-serving"]
  }

  jobs_url        = "s3://${aws_s3_bucket.this["jobs"].bucket}/jobs"
  allowed_sources = [for name in concat([aws_s3_bucket.this["uploads"].bucket], var.source_bucket_names) : "s3://${name}/"]
  allowed_outputs = ["s3://${aws_s3_bucket.this["results"].bucket}/"]
  event_rules = local.has_events ? {
    sources = { eventbridge = { secretSha256 = var.event_connection.secret_sha256 } }
    rules   = var.event_rules
  } : null
  event_inbox_url = local.has_events ? "s3://${aws_s3_bucket.this["inbox"].bucket}/inbox" : null

  view = var.view == null ? null : merge(var.view, { cache_url = "s3://${aws_s3_bucket.this["views"].bucket}/views" })

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
  patience_seconds     = max(var.patience_seconds, try(var.knative.node_wait_minutes, 0) * 60)
  jobs_at_once         = var.jobs_at_once
  tiles_per_owner      = var.tiles_per_owner
  device_json          = var.device_json
  cors_origins         = var.cors_origins
  environment          = merge({ AWS_REGION = var.region }, var.environment)

  ingress                   = var.ingress
  client_namespaces         = var.client_namespaces
  monitoring_namespaces     = var.monitoring_namespaces
  egress                    = local.egress
  otlp_endpoint             = var.otlp_endpoint
  trace_sample_ratio        = var.trace_sample_ratio
  image_pull_secret_names   = var.image_pull_secret_names
  grafana_dashboard_enabled = var.grafana_dashboard_enabled
  prometheus_rules_enabled  = var.prometheus_rules_enabled
  depends_on                = [helm_release.knative_serving, aws_eks_pod_identity_association.function, aws_iam_role_policy.function]
}
