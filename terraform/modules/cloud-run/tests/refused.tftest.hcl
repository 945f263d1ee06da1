# Each run sets one input to what must be refused.

mock_provider "google" {}

variables {
  experimental_accepted = true
  project_id            = "example-project"
  region                = "europe-west4"
  name                  = "box"
  network               = { network = "default", subnetwork = "default" }
  secret_ids            = { token = "token", state_key = "state-key", api_keys = "keys" }
  gpu                   = { max_instances = 3 }
  images = {
    api         = "registry.example.org/clearstack-cpu:1.2.3"
    orchestrate = "registry.example.org/clearstack-cpu:1.2.3"
    deconvolve  = "registry.example.org/clearstack-gpu:1.2.3"
    pyramid     = "registry.example.org/clearstack-cpu:1.2.3"
  }
}

run "taken_for_finished" {
  command = plan
  variables {
    experimental_accepted = false
  }
  expect_failures = [var.experimental_accepted]
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

run "moving_tag" {
  command = plan
  variables {
    images = { api = "a:latest", orchestrate = "a:1", deconvolve = "a:1", pyramid = "a:1" }
  }
  expect_failures = [var.images]
}

run "no_subnetwork" {
  command = plan
  variables {
    network = { network = "default", subnetwork = "" }
  }
  expect_failures = [var.network]
}

run "no_state_key" {
  command = plan
  variables {
    secret_ids = { token = "token", state_key = "", api_keys = "keys" }
  }
  expect_failures = [var.secret_ids]
}

run "webhooks_without_secret" {
  command = plan
  variables {
    webhooks_enabled = true
  }
  expect_failures = [var.secret_ids]
}

run "public_and_callers_not_told_apart" {
  command = plan
  variables {
    public_access_enabled = true
    secret_ids            = { token = "token", state_key = "state-key" }
  }
  expect_failures = [var.secret_ids]
}

run "unknown_gpu" {
  command = plan
  variables {
    gpu = { type = "nvidia-h100-80gb", max_instances = 3 }
  }
  expect_failures = [var.gpu]
}

run "negative_gpu_instances" {
  command = plan
  variables {
    gpu = { max_instances = -3 }
  }
  expect_failures = [var.gpu]
}

run "negative_memory" {
  command = plan
  variables {
    resources = { pyramid = { cpu_cores = 2, memory_gib = -4 } }
  }
  expect_failures = [var.resources]
}

run "gpu_with_little_memory" {
  command = plan
  variables {
    resources = { deconvolve = { cpu_cores = 4, memory_gib = 8 } }
  }
  expect_failures = [var.resources]
}

run "time_of_two_hours" {
  command = plan
  variables {
    timeout_seconds = 7200
  }
  expect_failures = [var.timeout_seconds]
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

run "rules_without_output" {
  command = plan
  variables {
    event_rules = [{ bucket = "box-uploads" }]
  }
  expect_failures = [var.event_rules]
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
