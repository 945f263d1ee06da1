# Each run sets one input to what must be refused.

mock_provider "google" {}
mock_provider "helm" {}
mock_provider "kubernetes" {}

variables {
  project_id        = "example-project"
  region            = "europe-west4"
  name              = "box"
  admin_cidr_blocks = ["203.0.113.0/28"]
  gpu = {
    type         = "nvidia-l4"
    machine_type = "g2-standard-8"
    zones        = ["europe-west4-a"]
    max_nodes    = 8
  }
  images = {
    api         = "registry.example.org/clearstack-cpu:1.2.3"
    orchestrate = "registry.example.org/clearstack-cpu:1.2.3"
    deconvolve  = "registry.example.org/clearstack-gpu:1.2.3"
    pyramid     = "registry.example.org/clearstack-cpu:1.2.3"
    restate     = "registry.example.org/restate:1.7.12"
  }
  namespace                    = "clearstack"
  functions_secret_name        = "clearstack"
  api_keys_secret_name         = "clearstack-keys"
  restate_identity_public_key  = "publickeyv1_2G8dCQhArfvGpzPw5Vx2ALciR4xCLHfS5YaT93XjNxX9"
  restate_identity_secret_name = "restate-identity"
}

run "project_of_capitals" {
  command = plan
  variables {
    project_id = "My Project"
  }
  expect_failures = [var.project_id]
}

run "zone_for_a_region" {
  command = plan
  variables {
    region = "europe-west4-a"
  }
  expect_failures = [var.region]
}

run "name_with_capitals" {
  command = plan
  variables {
    name = "Clearstack"
  }
  expect_failures = [var.name]
}

run "administrated_by_everybody" {
  command = plan
  variables {
    admin_cidr_blocks = ["0.0.0.0/0"]
  }
  expect_failures = [var.admin_cidr_blocks]
}

run "network_of_a_name" {
  command = plan
  variables {
    network_cidr_blocks = { pods = "pods" }
  }
  expect_failures = [var.network_cidr_blocks]
}

run "negative_disk" {
  command = plan
  variables {
    system_nodes = { disk_size_gb = -50 }
  }
  expect_failures = [var.system_nodes]
}

run "repository_by_its_host" {
  command = plan
  variables {
    image_repository = "europe-west4-docker.pkg.dev/p/r"
  }
  expect_failures = [var.image_repository]
}

run "unknown_gpu" {
  command = plan
  variables {
    gpu = { type = "nvidia-l5", machine_type = "g2-standard-8", zones = ["europe-west4-a"], max_nodes = 8 }
  }
  expect_failures = [var.gpu]
}

run "negative_gpu_nodes" {
  command = plan
  variables {
    gpu = { type = "nvidia-l4", machine_type = "g2-standard-8", zones = ["europe-west4-a"], max_nodes = -1 }
  }
  expect_failures = [var.gpu]
}

run "gpu_in_another_region" {
  command = plan
  variables {
    gpu = { type = "nvidia-l4", machine_type = "g2-standard-8", zones = ["us-central1-a"], max_nodes = 8 }
  }
  expect_failures = [var.gpu]
}

run "negative_idle_time" {
  command = plan
  variables {
    knative = { idle_seconds = -1 }
  }
  expect_failures = [var.knative]
}

run "half_an_instance" {
  command = plan
  variables {
    instances = { pyramid = 0.5 }
  }
  expect_failures = [var.instances]
}

run "bucket_by_its_url" {
  command = plan
  variables {
    source_bucket_names = ["gs://raw"]
  }
  expect_failures = [var.source_bucket_names]
}

run "nothing_kept" {
  command = plan
  variables {
    kept_days = 0
  }
  expect_failures = [var.kept_days]
}

run "ingress_of_every_host" {
  command = plan
  variables {
    ingress = { host = "*" }
  }
  expect_failures = [var.ingress]
}

run "rules_without_output" {
  command = plan
  variables {
    ingress     = { host = "a.example.org" }
    event_rules = [{ bucket = "box-uploads" }]
  }
  expect_failures = [var.event_rules]
}

run "events_without_ingress" {
  command = plan
  variables {
    event_rules = [{ bucket = "box-uploads", key = "**/*.tif", when = "tiff", job = { psf = "gs://p/a.tif", output = "gs://box-results/{key}.ome.zarr" } }]
  }
  expect_failures = [var.event_rules]
}

run "egress_to_a_name" {
  command = plan
  variables {
    egress = [{ cidr_block = "example.org", ports = [443] }]
  }
  expect_failures = [var.egress]
}

run "no_state_key" {
  command = plan
  variables {
    functions_secret_name = ""
  }
  expect_failures = [var.functions_secret_name]
}

run "public_and_callers_not_told_apart" {
  command = plan
  variables {
    ingress              = { host = "a.example.org" }
    api_keys_secret_name = null
  }
  expect_failures = [var.api_keys_secret_name]
}

run "unsigned_restate" {
  command = plan
  variables {
    restate_identity_public_key = null
  }
  expect_failures = [var.restate_identity_public_key]
}

run "retention_of_nothing" {
  command = plan
  variables {
    retention_days = 0
  }
  expect_failures = [var.retention_days]
}

run "rules_for_a_bucket_that_is_silent" {
  command = plan
  variables {
    ingress     = { host = "a.example.org" }
    event_rules = [{ bucket = "raw", key = "**/*.tif", when = "tiff", job = { psf = "gs://p/a.tif", output = "gs://box-results/{key}.ome.zarr" } }]
  }
  expect_failures = [var.event_rules]
}

run "view_without_image" {
  command = plan
  variables {
    view = {}
  }
  expect_failures = [var.view]
}

run "view_at_a_host_without_ingress" {
  command = plan
  variables {
    images = { api = "a:1", orchestrate = "a:1", deconvolve = "a:1", pyramid = "a:1", restate = "a:1", view = "a:1" }
    view   = { host = "views.example.org" }
  }
  expect_failures = [var.view]
}
