# All decisions are made here, where they can be evaluated without a provider; the resources only write them down.
locals {
  labels      = { "app.kubernetes.io/part-of" = "clearstack", "app.kubernetes.io/managed-by" = "terraform" }
  uses_server = var.engine == "restate"

  # A release has a URL of its own that follows from its image, since Restate must find the code that began a job.
  releases = {
    for image in concat([var.images.orchestrate], var.draining_orchestrate_images) : "orchestrate-${substr(sha256(image), 0, 8)}" => image
  }
  current_release = "orchestrate-${substr(sha256(var.images.orchestrate), 0, 8)}"

  # deconvolve and pyramid have a Deployment and a URL for each instance, so that orchestrate gives a task to the one that has
  # the least to do; behind one Service connections would be spread by chance.
  workloads = merge(
    { api = { kind = "api", image = var.images.api, replicas = var.instances.api } },
    { for name, image in local.releases : name => { kind = "orchestrate", image = image, replicas = var.instances.orchestrate } },
    { for index in range(var.instances.deconvolve) : "deconvolve-${index}" => { kind = "deconvolve", image = var.images.deconvolve, replicas = 1 } },
    { for index in range(var.instances.pyramid) : "pyramid-${index}" => { kind = "pyramid", image = var.images.pyramid, replicas = 1 } },
  )
  # A Knative service makes its own Deployments; what it has in common with the workloads is its settings.
  runs = merge(local.workloads, var.knative == null ? {} : { deconvolve = { kind = "deconvolve", image = var.images.deconvolve, replicas = 0 } })

  pyramid_urls    = [for index in range(var.instances.pyramid) : "http://pyramid-${index}.${var.namespace}.svc:8083"]
  deconvolve_urls = concat(var.deconvolve_urls, var.knative == null ? [] : ["http://deconvolve.${var.namespace}.svc"], [for index in range(var.instances.deconvolve) : "http://deconvolve-${index}.${var.namespace}.svc:8081"])

  ports = { api = 8080, orchestrate = 8082, deconvolve = 8081, pyramid = 8083 }

  # api stays up without orchestrate, to say what is wrong; a GPU is proven by a kernel before its instance is given tiles.
  # Where instances are started on demand, asking whether orchestrate is ready would start one.
  ready_paths = { api = "/healthz", orchestrate = var.instances.deconvolve > 0 ? "/readyz" : "/healthz", deconvolve = "/readyz", pyramid = "/readyz" }

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
    api = {
      CLEARSTACK_RUNS_URL    = "http://orchestrate.${var.namespace}.svc:8082"
      CLEARSTACK_KEYS        = var.api_keys_secret_name == null ? null : "/etc/clearstack/keys.json"
      CLEARSTACK_OIDC        = var.oidc == null ? null : jsonencode({ for name, value in var.oidc : name => value if value != null })
      CLEARSTACK_QUOTAS      = alltrue([for value in values(var.quotas) : value == null]) ? null : jsonencode({ for name, value in var.quotas : name => value if value != null })
      CLEARSTACK_CORS        = length(var.cors_origins) == 0 ? null : join(" ", var.cors_origins)
      CLEARSTACK_EVENT_RULES = var.event_rules == null ? null : jsonencode(var.event_rules)
      CLEARSTACK_EVENT_INBOX = var.event_inbox_url
    }
    orchestrate = {
      CLEARSTACK_JOBS                 = var.jobs_url
      CLEARSTACK_ENGINE               = var.engine
      CLEARSTACK_TILES_URL            = join(" ", local.deconvolve_urls)
      CLEARSTACK_PYRAMID_URL          = join(" ", local.pyramid_urls)
      CLEARSTACK_INSTANCES_PER_URL    = tostring(var.knative == null ? var.instances_per_url : var.knative.max_instances)
      CLEARSTACK_DEVICE               = var.device_json
      CLEARSTACK_PATIENCE             = "${var.patience_seconds}s"
      CLEARSTACK_JOBS_AT_ONCE         = tostring(var.jobs_at_once)
      CLEARSTACK_TILES_PER_OWNER      = var.tiles_per_owner == null ? null : tostring(var.tiles_per_owner)
      CLEARSTACK_PRICE_PER_GPU_SECOND = var.price_per_gpu_second == null ? null : tostring(var.price_per_gpu_second)
      CLEARSTACK_CURRENCY             = var.price_per_gpu_second == null ? null : var.currency
      CLEARSTACK_RETENTION            = var.retention_days == null ? null : "${var.retention_days}d"
      CLEARSTACK_RESTATE_INGRESS      = local.uses_server ? "http://restate.${var.namespace}.svc:8080" : null
      CLEARSTACK_RESTATE_ADMIN        = local.uses_server ? "http://restate.${var.namespace}.svc:9070" : null
      CLEARSTACK_RESTATE_PORT         = local.uses_server ? "9080" : null
      RESTATE_IDENTITY_KEY            = local.uses_server ? var.restate_identity_public_key : null
    }
    deconvolve = {
      CLEARSTACK_REQUIRE_GPU     = var.gpu == null ? null : "1"
      CLEARSTACK_DEVICE_MEMORY   = try(var.gpu.memory_gib, null) == null ? null : "${var.gpu.memory_gib}GiB"
      CLEARSTACK_GPU_BOXES       = try(var.gpu.boxes, null) == null ? null : tostring(var.gpu.boxes)
      NVIDIA_DRIVER_CAPABILITIES = try(var.gpu.resource_name, "") == "nvidia.com/gpu" ? "compute,graphics,utility" : null
    }
    pyramid = {}
  }
  settings = {
    for name, workload in local.runs : name => {
      for variable, value in merge(
        local.common_settings,
        local.own_settings[workload.kind],
        { PORT = tostring(local.ports[workload.kind]), OTEL_SERVICE_NAME = workload.kind },
        workload.kind == "orchestrate" && local.uses_server ? { CLEARSTACK_RESTATE_ENDPOINT = "http://${name}.${var.namespace}.svc:9080" } : {},
      ) : variable => value if value != null
    }
  }

  # One server, which keeps its name and with it its journal. Its largest parts of memory are bounded by what it has.
  restate_settings = {
    RESTATE_NODE_NAME                             = "restate-0"
    RESTATE_CLUSTER_NAME                          = "clearstack"
    RESTATE_BASE_DIR                              = "/restate-data"
    RESTATE_LISTEN_MODE                           = "tcp"
    RESTATE_BIND_IP                               = "0.0.0.0"
    RESTATE_ADVERTISED_HOST                       = "127.0.0.1"
    RESTATE_DEFAULT_NUM_PARTITIONS                = "4"
    RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE             = "${floor(var.restate.memory_gib * 1024 * 0.4)}MiB"
    RESTATE_WORKER__INVOKER__MEMORY_LIMIT         = "${floor(var.restate.memory_gib * 1024 * 0.2)}MiB"
    RESTATE_SHUTDOWN_TIMEOUT                      = "30s"
    RESTATE_DISABLE_TELEMETRY                     = "true"
    DO_NOT_TRACK                                  = "1"
    TMPDIR                                        = "/tmp"
    RESTATE_REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE = "/run/secrets/restate/private.pem"
  }

  # Each function is given the keys of the secret that it needs, and no others.
  shared_secrets = merge({ CLEARSTACK_TOKEN = "token" }, var.metrics_token_enabled ? { CLEARSTACK_METRICS_TOKEN = "metrics-token" } : {})
  job_secrets    = merge({ CLEARSTACK_STATE_KEY = "state-key" }, var.webhooks_enabled ? { CLEARSTACK_WEBHOOK_SECRET = "webhook-secret" } : {})
  secrets        = { for kind in keys(local.ports) : kind => merge(local.shared_secrets, kind == "orchestrate" ? local.job_secrets : {}) }

  # Requests come from Knative's gateway and activator, and go to them.
  knative_namespaces = toset(var.knative == null ? [] : var.knative.namespaces)

  # Knative gives PORT itself and refuses a service that sets it. Where a member is null it must be left out, so parts are merged.
  knative_service = var.knative == null ? null : {
    apiVersion = "serving.knative.dev/v1"
    kind       = "Service"
    metadata = {
      name      = "deconvolve"
      namespace = var.namespace
      labels    = merge(local.labels, { "networking.knative.dev/visibility" = "cluster-local" })
    }
    spec = {
      template = {
        metadata = {
          labels = merge(local.labels, { "clearstack/function" = "deconvolve" })
          annotations = {
            "autoscaling.knative.dev/min-scale"                          = "0"
            "autoscaling.knative.dev/max-scale"                          = tostring(var.knative.max_instances)
            "autoscaling.knative.dev/scale-to-zero-pod-retention-period" = "${var.knative.idle_seconds}s"
            "serving.knative.dev/progress-deadline"                      = "${var.knative.node_wait_minutes}m"
          }
        }
        spec = merge(
          {
            serviceAccountName           = "clearstack-deconvolve"
            automountServiceAccountToken = false
            enableServiceLinks           = false
            containerConcurrency         = var.knative.requests_per_instance
            timeoutSeconds               = var.knative.timeout_seconds
            responseStartTimeoutSeconds  = var.knative.timeout_seconds
            nodeSelector                 = try(var.gpu.node_selector, {})
            tolerations                  = [for key in try(var.gpu.toleration_keys, []) : { key = key, operator = "Exists" }]
            imagePullSecrets             = [for name in var.image_pull_secret_names : { name = name }]
            volumes                      = [{ name = "tmp", emptyDir = { sizeLimit = "1Gi" } }]
            containers = [{
              name  = "deconvolve"
              image = var.images.deconvolve
              ports = [{ name = "http1", containerPort = local.ports.deconvolve }]
              env = concat(
                [for name, value in local.settings["deconvolve"] : { name = name, value = value } if name != "PORT"],
                [for name, key in local.secrets["deconvolve"] : { name = name, valueFrom = { secretKeyRef = { name = var.functions_secret_name, key = key } } }],
              )
              envFrom = var.store_secret_name == null ? [] : [{ secretRef = { name = var.store_secret_name } }]
              resources = {
                requests = { cpu = local.requests.deconvolve.cpu, memory = local.requests.deconvolve.memory }
                limits   = merge({ memory = local.requests.deconvolve.memory }, local.gpu_limits)
              }
              securityContext = {
                allowPrivilegeEscalation = false
                readOnlyRootFilesystem   = true
                runAsNonRoot             = true
                runAsUser                = 65532
                runAsGroup               = 65532
                capabilities             = { drop = ["ALL"] }
                seccompProfile           = { type = "RuntimeDefault" }
              }
              volumeMounts   = [{ name = "tmp", mountPath = "/tmp" }]
              readinessProbe = { httpGet = { path = "/readyz", port = local.ports.deconvolve }, periodSeconds = 15, timeoutSeconds = 15 }
              livenessProbe  = { httpGet = { path = "/healthz", port = local.ports.deconvolve }, periodSeconds = 20, timeoutSeconds = 15, failureThreshold = 6 }
            }]
          },
          { for name, value in { runtimeClassName = try(var.gpu.runtime_class_name, null) } : name => value if value != null },
        )
      }
    }
  }

  requests = {
    for kind, size in var.resources : kind => { cpu = "${ceil(size.cpu_cores * 1000)}m", memory = "${ceil(size.memory_gib * 1024)}Mi" }
  }
  gpu_limits = var.gpu == null ? {} : { (try(var.gpu.resource_name, "")) = "1" }

  # Who may call what: pairs of a function and a port of another, beside what namespaces and egress allow.
  calls = merge(
    {
      api-orchestrate        = { from = "api", to = "orchestrate", ports = [8082] }
      orchestrate-deconvolve = { from = "orchestrate", to = "deconvolve", ports = [8081] }
      orchestrate-pyramid    = { from = "orchestrate", to = "pyramid", ports = [8083] }
    },
    local.uses_server ? {
      orchestrate-restate = { from = "orchestrate", to = "restate", ports = [8080, 9070] }
      restate-orchestrate = { from = "restate", to = "orchestrate", ports = [9080] }
    } : {},
  )
  client_namespaces = toset(concat(var.client_namespaces, var.ingress == null ? [] : [var.ingress.namespace]))
}
