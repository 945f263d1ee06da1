# Each run sets one input to what must be refused.

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

run "default_namespace" {
  command = plan
  variables {
    namespace = "default"
  }
  expect_failures = [var.namespace]
}

run "moving_tag" {
  command = plan
  variables {
    images = { api = "a:latest", orchestrate = "a:1", deconvolve = "a:1", pyramid = "a:1", restate = "a:1" }
  }
  expect_failures = [var.images]
}

run "no_restate_image" {
  command = plan
  variables {
    images = { api = "a:1", orchestrate = "a:1", deconvolve = "a:1", pyramid = "a:1" }
  }
  expect_failures = [var.images]
}

run "draining_the_current_image" {
  command = plan
  variables {
    draining_orchestrate_images = ["registry.example.org/clearstack-cpu:1.2.3"]
  }
  expect_failures = [var.draining_orchestrate_images]
}

run "unknown_engine" {
  command = plan
  variables {
    engine = "cron"
  }
  expect_failures = [var.engine]
}

run "jobs_in_memory" {
  command = plan
  variables {
    jobs_url = "memory:jobs"
  }
  expect_failures = [var.jobs_url]
}

run "sources_of_files" {
  command = plan
  variables {
    allowed_sources = ["/data"]
  }
  expect_failures = [var.allowed_sources]
}

run "outputs_anywhere" {
  command = plan
  variables {
    allowed_outputs = []
  }
  expect_failures = [var.allowed_outputs]
}

run "no_state_key" {
  command = plan
  variables {
    functions_secret_name = ""
  }
  expect_failures = [var.functions_secret_name]
}

run "callers_not_told_apart" {
  command = plan
  variables {
    api_keys_secret_name = null
  }
  expect_failures = [var.api_keys_secret_name]
}

run "provider_over_http" {
  command = plan
  variables {
    oidc = { issuer = "http://id.example.org", audience = "a", algorithms = ["RS256"], rolesClaim = "r", roles = {} }
  }
  expect_failures = [var.oidc]
}

run "annotations_of_nobody" {
  command = plan
  variables {
    service_account_annotations = { app = {} }
  }
  expect_failures = [var.service_account_annotations]
}

run "secret_in_the_environment" {
  command = plan
  variables {
    environment = { AWS_SECRET_ACCESS_KEY = "x" }
  }
  expect_failures = [var.environment]
}

run "setting_in_the_environment" {
  command = plan
  variables {
    environment = { CLEARSTACK_INSECURE = "true" }
  }
  expect_failures = [var.environment]
}

run "negative_quota" {
  command = plan
  variables {
    quotas = { tiles = -1 }
  }
  expect_failures = [var.quotas]
}

run "negative_price" {
  command = plan
  variables {
    price_per_gpu_second = -1
  }
  expect_failures = [var.price_per_gpu_second]
}

run "unknown_currency" {
  command = plan
  variables {
    currency = "euro"
  }
  expect_failures = [var.currency]
}

run "no_retention" {
  command = plan
  variables {
    retention_days = 0
  }
  expect_failures = [var.retention_days]
}

run "no_patience" {
  command = plan
  variables {
    patience_seconds = 0
  }
  expect_failures = [var.patience_seconds]
}

run "no_jobs" {
  command = plan
  variables {
    jobs_at_once = 0
  }
  expect_failures = [var.jobs_at_once]
}

run "no_tiles" {
  command = plan
  variables {
    tiles_per_owner = 0
  }
  expect_failures = [var.tiles_per_owner]
}

run "device_no_json" {
  command = plan
  variables {
    device_json = "H200"
  }
  expect_failures = [var.device_json]
}

run "rules_without_inbox" {
  command = plan
  variables {
    event_rules = { rules = [] }
  }
  expect_failures = [var.event_rules]
}

run "inbox_in_a_folder" {
  command = plan
  variables {
    event_rules     = { sources = { s3 = {} }, rules = [{}] }
    event_inbox_url = "/inbox"
  }
  expect_failures = [var.event_inbox_url]
}

run "every_origin" {
  command = plan
  variables {
    cors_origins = ["*"]
  }
  expect_failures = [var.cors_origins]
}

run "unsigned_restate" {
  command = plan
  variables {
    restate_identity_public_key = null
  }
  expect_failures = [var.restate_identity_public_key]
}

run "restate_without_its_key" {
  command = plan
  variables {
    restate_identity_secret_name = null
  }
  expect_failures = [var.restate_identity_secret_name]
}

run "negative_volume" {
  command = plan
  variables {
    restate = { storage_gib = -20 }
  }
  expect_failures = [var.restate]
}

run "half_an_instance" {
  command = plan
  variables {
    instances = { deconvolve = 0.5 }
  }
  expect_failures = [var.instances]
}

run "two_local_drivers" {
  command = plan
  variables {
    engine    = "local"
    instances = { orchestrate = 2 }
  }
  expect_failures = [var.instances]
}

run "no_deconvolve" {
  command = plan
  variables {
    instances = { deconvolve = 0 }
  }
  expect_failures = [var.deconvolve_urls]
}

run "both_kinds_of_deconvolve" {
  command = plan
  variables {
    deconvolve_urls = ["http://deconvolve.example.org"]
  }
  expect_failures = [var.deconvolve_urls]
}

run "instances_of_one_pod" {
  command = plan
  variables {
    instances_per_url = 4
  }
  expect_failures = [var.instances_per_url]
}

run "negative_memory" {
  command = plan
  variables {
    resources = { deconvolve = { cpu_cores = 4, memory_gib = -1 } }
  }
  expect_failures = [var.resources]
}

run "unknown_gpu" {
  command = plan
  variables {
    gpu = { resource_name = "nvidia.com/gpuu" }
  }
  expect_failures = [var.gpu]
}

run "five_boxes" {
  command = plan
  variables {
    gpu = { boxes = 5 }
  }
  expect_failures = [var.gpu]
}

run "ingress_without_tls" {
  command = plan
  variables {
    ingress = { host = "a.example.org", class_name = "nginx", tls_secret_name = "", namespace = "n" }
  }
  expect_failures = [var.ingress]
}

run "ingress_of_every_host" {
  command = plan
  variables {
    ingress = { host = "*", class_name = "nginx", tls_secret_name = "t", namespace = "n" }
  }
  expect_failures = [var.ingress]
}

run "ingress_without_class" {
  command = plan
  variables {
    ingress = { host = "a.example.org", tls_secret_name = "t", namespace = "n" }
  }
  expect_failures = [var.ingress]
}

run "ingress_from_anywhere" {
  command = plan
  variables {
    ingress = { host = "a.example.org", class_name = "nginx", tls_secret_name = "t" }
  }
  expect_failures = [var.ingress]
}

run "egress_to_a_name" {
  command = plan
  variables {
    egress = [{ cidr_block = "example.org", ports = [443] }]
  }
  expect_failures = [var.egress]
}

run "egress_without_ports" {
  command = plan
  variables {
    egress = [{ cidr_block = "10.0.0.0/24", ports = [] }]
  }
  expect_failures = [var.egress]
}

run "collector_without_scheme" {
  command = plan
  variables {
    otlp_endpoint = "collector:4318"
  }
  expect_failures = [var.otlp_endpoint]
}

run "more_than_all_traces" {
  command = plan
  variables {
    trace_sample_ratio = 2
  }
  expect_failures = [var.trace_sample_ratio]
}

run "no_instances_of_knative" {
  command = plan
  variables {
    instances = { deconvolve = 0 }
    knative   = { max_instances = 0 }
  }
  expect_failures = [var.knative]
}

run "knative_beside_deployments" {
  command = plan
  variables {
    knative = { max_instances = 8 }
  }
  expect_failures = [var.deconvolve_urls]
}

run "rules_without_senders" {
  command = plan
  variables {
    event_rules     = { rules = [{}] }
    event_inbox_url = "s3://state/inbox"
  }
  expect_failures = [var.event_rules]
}

run "view_without_image" {
  command = plan
  variables {
    view = { cache_url = "s3://views/v" }
  }
  expect_failures = [var.view]
}

run "view_at_a_host_without_ingress" {
  command = plan
  variables {
    images = { api = "a:1", orchestrate = "a:1", deconvolve = "a:1", pyramid = "a:1", restate = "a:1", view = "a:1" }
    view   = { cache_url = "s3://views/v", host = "views.example.org" }
  }
  expect_failures = [var.view]
}

run "negative_cache_of_views" {
  command = plan
  variables {
    images = { api = "a:1", orchestrate = "a:1", deconvolve = "a:1", pyramid = "a:1", restate = "a:1", view = "a:1" }
    view   = { cache_url = "s3://views/v", cache_gib = -10 }
  }
  expect_failures = [var.view]
}
