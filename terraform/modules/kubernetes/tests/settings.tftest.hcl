# What the inputs come to. The provider is a stand-in: no cluster is asked.

mock_provider "kubernetes" {}

variables {
  namespace = "clearstack"
  images = {
    api         = "registry.example.org/clearstack-cpu:1.2.3"
    orchestrate = "registry.example.org/clearstack-cpu:1.2.3"
    deconvolve  = "registry.example.org/clearstack-gpu:1.2.3"
    pyramid     = "registry.example.org/clearstack-cpu:1.2.3"
    restate     = "registry.example.org/restate:1.7.12"
  }
  jobs_url                     = "s3://state/jobs"
  allowed_sources              = ["s3://raw/", "s3://psfs/"]
  allowed_outputs              = ["s3://results/"]
  functions_secret_name        = "clearstack"
  api_keys_secret_name         = "clearstack-keys"
  restate_identity_public_key  = "publickeyv1_2G8dCQhArfvGpzPw5Vx2ALciR4xCLHfS5YaT93XjNxX9"
  restate_identity_secret_name = "restate-identity"
}

run "defaults" {
  command = plan
  assert {
    condition     = sort(keys(local.workloads)) == tolist(["api", "deconvolve-0", local.current_release, "pyramid-0"])
    error_message = "one instance of each function is expected"
  }
  assert {
    condition     = local.settings["deconvolve-0"].CLEARSTACK_REQUIRE_GPU == "1" && local.settings["deconvolve-0"].NVIDIA_DRIVER_CAPABILITIES == "compute,graphics,utility"
    error_message = "an instance with a GPU must refuse to compute without it"
  }
  assert {
    condition     = alltrue([for settings in values(local.settings) : !contains(keys(settings), "CLEARSTACK_INSECURE") && !contains(keys(settings), "CLEARSTACK_ADDRESS_GUARD")])
    error_message = "nothing may switch a protection off"
  }
  assert {
    condition     = [for kind, names in module.settings.secrets : kind if contains(keys(names), "CLEARSTACK_STATE_KEY")] == ["orchestrate"] && alltrue([for names in values(module.settings.secrets) : names.CLEARSTACK_TOKEN == "token"])
    error_message = "every function has the token, and orchestrate alone the key of the store of jobs"
  }
  assert {
    condition     = local.settings[local.current_release].CLEARSTACK_RESTATE_ENDPOINT == "http://${local.current_release}.clearstack.svc:9080"
    error_message = "a release is called by a URL of its own"
  }
  assert {
    condition     = var.ingress == null && length(local.client_namespaces) == 0
    error_message = "nobody outside of the module may reach api by default"
  }
  assert {
    condition     = alltrue([for call in values(local.calls) : call.to != "restate" || call.from == "orchestrate"])
    error_message = "Restate may be reached by orchestrate alone"
  }
}

run "everything_set" {
  command = plan
  variables {
    draining_orchestrate_images = ["registry.example.org/clearstack-cpu:1.2.2"]
    instances                   = { api = 3, orchestrate = 2, deconvolve = 4, pyramid = 2 }
    gpu                         = { memory_gib = 80, boxes = 3 }
    oidc = {
      issuer     = "https://id.example.org"
      audience   = "clearstack"
      algorithms = ["RS256"]
      rolesClaim = "groups"
      roles      = { microscopists = "submit" }
    }
    quotas               = { liveJobs = 10 }
    price_per_gpu_second = 0.002
    currency             = "EUR"
    retention_days       = 30
    patience_seconds     = 1200
    jobs_at_once         = 2
    tiles_per_owner      = 8
    device_json          = "{\"backend\":\"webgpu\",\"adapter\":\"GPU\",\"reason\":\"a GPU\",\"hostBytes\":16000000000,\"deviceBytes\":80000000000,\"computeOnHost\":false}"
    event_rules = {
      sources = { minio = { secretSha256 = ["0000000000000000000000000000000000000000000000000000000000000000"] } }
      rules   = [{ bucket = "raw", key = "**/*.tif", when = "tiff", job = { psf = "s3://psfs/a.tif", output = "s3://results/{key}" } }]
    }
    event_inbox_url       = "s3://state/inbox"
    cors_origins          = ["https://app.example.org"]
    webhooks_enabled      = true
    metrics_token_enabled = true
    otlp_endpoint         = "http://collector:4318"
    environment           = { AWS_REGION = "eu-central-1" }
    ingress = {
      host            = "clearstack.example.org"
      class_name      = "nginx"
      tls_secret_name = "tls"
      namespace       = "ingress-nginx"
    }
  }
  assert {
    condition = local.settings["api"] == {
      AWS_REGION                  = "eu-central-1"
      CLEARSTACK_ALLOW_OUTPUTS    = "s3://results/"
      CLEARSTACK_ALLOW_SOURCES    = "s3://raw/ s3://psfs/"
      CLEARSTACK_CORS             = "https://app.example.org"
      CLEARSTACK_EVENT_INBOX      = "s3://state/inbox"
      CLEARSTACK_EVENT_RULES      = jsonencode(var.event_rules)
      CLEARSTACK_KEYS             = "/etc/clearstack/keys.json"
      CLEARSTACK_OIDC             = "{\"algorithms\":[\"RS256\"],\"audience\":\"clearstack\",\"issuer\":\"https://id.example.org\",\"roles\":{\"microscopists\":\"submit\"},\"rolesClaim\":\"groups\"}"
      CLEARSTACK_QUOTAS           = "{\"liveJobs\":10}"
      CLEARSTACK_RUNS_URL         = "http://orchestrate.clearstack.svc:8082"
      GLIBC_TUNABLES              = "glibc.malloc.arena_max=2:glibc.malloc.mmap_threshold=1048576:glibc.malloc.hugetlb=1"
      HOME                        = "/tmp"
      HOST                        = "0.0.0.0"
      OTEL_DENO                   = "true"
      OTEL_EXPORTER_OTLP_ENDPOINT = "http://collector:4318"
      OTEL_SERVICE_NAME           = "api"
      OTEL_TRACES_SAMPLER         = "parentbased_traceidratio"
      OTEL_TRACES_SAMPLER_ARG     = "1"
      PORT                        = "8080"
    }
    error_message = jsonencode(local.settings["api"])
  }
  assert {
    condition = { for name, value in local.settings[local.current_release] : name => value if !contains(keys(local.settings["api"]), name) } == {
      CLEARSTACK_CURRENCY             = "EUR"
      CLEARSTACK_DEVICE               = var.device_json
      CLEARSTACK_ENGINE               = "restate"
      CLEARSTACK_INSTANCES_PER_URL    = "1"
      CLEARSTACK_JOBS                 = "s3://state/jobs"
      CLEARSTACK_JOBS_AT_ONCE         = "2"
      CLEARSTACK_PATIENCE             = "1200s"
      CLEARSTACK_PRICE_PER_GPU_SECOND = "0.002"
      CLEARSTACK_PYRAMID_URL          = "http://pyramid-0.clearstack.svc:8083 http://pyramid-1.clearstack.svc:8083"
      CLEARSTACK_RESTATE_ADMIN        = "http://restate.clearstack.svc:9070"
      CLEARSTACK_RESTATE_ENDPOINT     = "http://${local.current_release}.clearstack.svc:9080"
      CLEARSTACK_RESTATE_INGRESS      = "http://restate.clearstack.svc:8080"
      CLEARSTACK_RESTATE_PORT         = "9080"
      CLEARSTACK_RETENTION            = "30d"
      CLEARSTACK_TILES_PER_OWNER      = "8"
      CLEARSTACK_TILES_URL            = "http://deconvolve-0.clearstack.svc:8081 http://deconvolve-1.clearstack.svc:8081 http://deconvolve-2.clearstack.svc:8081 http://deconvolve-3.clearstack.svc:8081"
      RESTATE_IDENTITY_KEY            = "publickeyv1_2G8dCQhArfvGpzPw5Vx2ALciR4xCLHfS5YaT93XjNxX9"
    }
    error_message = jsonencode(local.settings[local.current_release])
  }
  assert {
    condition     = module.settings.secrets.orchestrate == { CLEARSTACK_TOKEN = "token", CLEARSTACK_METRICS_TOKEN = "metrics-token", CLEARSTACK_STATE_KEY = "state-key", CLEARSTACK_WEBHOOK_SECRET = "webhook-secret" }
    error_message = jsonencode(module.settings.secrets)
  }
  assert {
    condition     = local.settings["deconvolve-3"].CLEARSTACK_DEVICE_MEMORY == "80GiB" && local.settings["deconvolve-3"].CLEARSTACK_GPU_BOXES == "3"
    error_message = jsonencode(local.settings["deconvolve-3"])
  }
  assert {
    condition     = length(local.releases) == 2 && local.client_namespaces == toset(["ingress-nginx"])
    error_message = "the release that drains stays, and the ingress controller may call api"
  }
}

run "local_engine_on_the_cpu" {
  command = plan
  variables {
    engine = "local"
    gpu    = null
  }
  assert {
    condition     = !anytrue([for name in keys(local.settings[local.current_release]) : strcontains(name, "RESTATE")]) && !contains(keys(local.settings["deconvolve-0"]), "CLEARSTACK_REQUIRE_GPU")
    error_message = "the engine local needs nothing of Restate, and an instance without a GPU none of it"
  }
}

run "deconvolve_by_knative" {
  command = plan
  variables {
    instances = { deconvolve = 0 }
    knative   = { max_instances = 8 }
  }
  assert {
    condition     = local.settings[local.current_release].CLEARSTACK_TILES_URL == join(" ", [for copy in range(8) : "http://deconvolve.clearstack.svc"]) && local.settings[local.current_release].CLEARSTACK_INSTANCES_PER_URL == "1"
    error_message = jsonencode(local.settings[local.current_release])
  }
  assert {
    condition     = local.ready_paths.orchestrate == "/healthz" && local.knative_service.spec.template.metadata.annotations["autoscaling.knative.dev/min-scale"] == "0"
    error_message = "nothing may be awake, and no probe may start an instance"
  }
  assert {
    condition     = local.knative_service.metadata.labels["networking.knative.dev/visibility"] == "cluster-local" && local.knative_service.spec.template.spec.containerConcurrency == 1
    error_message = "the service must be private, and give an instance one tile at a time"
  }
  assert {
    condition     = local.knative_service.spec.template.spec.containers[0].resources.limits == { memory = "24576Mi", "nvidia.com/gpu" = "1" }
    error_message = jsonencode(local.knative_service.spec.template.spec.containers[0].resources)
  }
  assert {
    condition     = !contains([for variable in local.knative_service.spec.template.spec.containers[0].env : variable.name], "PORT") && contains([for variable in local.knative_service.spec.template.spec.containers[0].env : variable.name], "CLEARSTACK_TOKEN")
    error_message = "Knative gives the port, the secret the token"
  }
}

run "views" {
  command = plan
  variables {
    images  = { api = "a:1", orchestrate = "a:1", deconvolve = "a:1", pyramid = "a:1", restate = "a:1", view = "a:1" }
    view    = { cache_url = "s3://views/v", host = "views.example.org", key_enabled = true, cache_gib = 50 }
    ingress = { host = "api.example.org", class_name = "nginx", tls_secret_name = "tls", namespace = "ingress-nginx" }
  }
  assert {
    condition = { for name, value in local.settings["view"] : name => value if startswith(name, "CLEARSTACK") } == {
      CLEARSTACK_ALLOW_OUTPUTS     = "s3://results/ s3://views/v"
      CLEARSTACK_ALLOW_SOURCES     = "s3://raw/ s3://psfs/"
      CLEARSTACK_INSTANCES_PER_URL = "1"
      CLEARSTACK_PYRAMID_URL       = "http://pyramid-0.clearstack.svc:8083"
      CLEARSTACK_RUNS_URL          = "http://orchestrate.clearstack.svc:8082"
      CLEARSTACK_TILES_URL         = "http://deconvolve-0.clearstack.svc:8081"
      CLEARSTACK_VIEWS_PER_OWNER   = "32"
      CLEARSTACK_VIEW_CACHE        = "s3://views/v"
      CLEARSTACK_VIEW_CACHE_SIZE   = "50GiB"
      CLEARSTACK_VIEW_EXPIRES      = "12h"
      CLEARSTACK_VIEW_URL          = "https://views.example.org"
    }
    error_message = jsonencode(local.settings["view"])
  }
  assert {
    condition     = local.settings["api"].CLEARSTACK_ALLOW_OUTPUTS == "s3://results/" && local.settings["api"].CLEARSTACK_VIEWS_URL == "http://view.clearstack.svc:8084" && local.settings["deconvolve-0"].CLEARSTACK_ALLOW_OUTPUTS == "s3://results/ s3://views/v"
    error_message = "no job may write into the cache of views, and those that compute views may"
  }
  assert {
    condition     = module.settings.secrets.view == { CLEARSTACK_TOKEN = "token", CLEARSTACK_VIEW_KEY = "view-key" } && local.hosts.view == "views.example.org"
    error_message = jsonencode(module.settings.secrets.view)
  }
}
