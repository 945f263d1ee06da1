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
    # One process: it counts what lies in its cache.
    local.has_view ? { view = { kind = "view", image = var.images.view, replicas = 1 } } : {},
  )
  # A Knative service makes its own Deployments; what it has in common with the workloads is its settings.
  runs = merge(local.workloads, var.knative == null ? {} : { deconvolve = { kind = "deconvolve", image = var.images.deconvolve, replicas = 0 } })

  pyramid_urls = [for index in range(var.instances.pyramid) : "http://pyramid-${index}.${var.namespace}.svc:8083"]
  # A URL stands as often as instances answer behind it: CLEARSTACK_INSTANCES_PER_URL would count for pyramid as well.
  deconvolve_urls = concat(
    flatten([for url in var.deconvolve_urls : [for copy in range(var.instances_per_url) : url]]),
    [for copy in range(try(var.knative.max_instances, 0)) : "http://deconvolve.${var.namespace}.svc"],
    [for index in range(var.instances.deconvolve) : "http://deconvolve-${index}.${var.namespace}.svc:8081"],
  )

  ports    = merge({ api = 8080, orchestrate = 8082, deconvolve = 8081, pyramid = 8083 }, local.has_view ? { view = 8084 } : {})
  has_view = var.view != null

  # api stays up without orchestrate, to say what is wrong; a GPU is proven by a kernel before its instance is given tiles.
  # Where instances are started on demand, asking whether orchestrate is ready would start one.
  ready_paths = { api = "/healthz", orchestrate = var.instances.deconvolve > 0 ? "/readyz" : "/healthz", deconvolve = "/readyz", pyramid = "/readyz", view = "/readyz" }

  own_settings = {
    orchestrate = {
      CLEARSTACK_RESTATE_INGRESS = local.uses_server ? "http://restate.${var.namespace}.svc:8080" : null
      CLEARSTACK_RESTATE_ADMIN   = local.uses_server ? "http://restate.${var.namespace}.svc:9070" : null
      CLEARSTACK_RESTATE_PORT    = local.uses_server ? "9080" : null
      RESTATE_IDENTITY_KEY       = local.uses_server ? var.restate_identity_public_key : null
    }
  }
  settings = {
    for name, workload in local.runs : name => {
      for variable, value in merge(
        module.settings.settings[workload.kind],
        try(local.own_settings[workload.kind], {}),
        { PORT = tostring(local.ports[workload.kind]) },
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
                [for name, key in module.settings.secrets["deconvolve"] : { name = name, valueFrom = { secretKeyRef = { name = var.functions_secret_name, key = key } } }],
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
    local.has_view ? {
      api-view         = { from = "api", to = "view", ports = [8084] }
      view-orchestrate = { from = "view", to = "orchestrate", ports = [8082] }
      view-deconvolve  = { from = "view", to = "deconvolve", ports = [8081] }
      view-pyramid     = { from = "view", to = "pyramid", ports = [8083] }
    } : {},
    local.uses_server ? {
      orchestrate-restate = { from = "orchestrate", to = "restate", ports = [8080, 9070] }
      restate-orchestrate = { from = "restate", to = "orchestrate", ports = [9080] }
    } : {},
  )
  # Who is reached from outside of the module, by whoever may.
  entrances            = local.has_view ? ["api", "view"] : ["api"]
  hosts                = var.ingress == null ? {} : merge({ api = var.ingress.host }, try(var.view.host, null) == null ? {} : { view = var.view.host })
  balancer_cidr_blocks = try(var.ingress.balancer_cidr_blocks, [])
  client_namespaces    = toset(concat(var.client_namespaces, try(var.ingress.namespace, null) == null ? [] : [var.ingress.namespace]))
}
