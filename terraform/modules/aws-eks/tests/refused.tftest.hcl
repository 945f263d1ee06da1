# Each run sets one input to what must be refused.

mock_provider "aws" {}
mock_provider "helm" {}
mock_provider "kubernetes" {}

variables {
  region             = "eu-central-1"
  name               = "box"
  private_subnet_ids = ["subnet-0a", "subnet-0b"]
  gpu                = { instance_type = "g6.2xlarge", max_nodes = 8 }
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

run "zone_for_a_region" {
  command = plan
  variables {
    region = "eu-central-1a"
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

run "version_before_native_policies" {
  command = plan
  variables {
    kubernetes_version = "1.26"
  }
  expect_failures = [var.kubernetes_version]
}

run "one_subnet" {
  command = plan
  variables {
    private_subnet_ids = ["subnet-0a", "subnet-0a"]
  }
  expect_failures = [var.private_subnet_ids]
}

run "administrated_by_everybody" {
  command = plan
  variables {
    admin_cidr_blocks = ["0.0.0.0/0"]
  }
  expect_failures = [var.admin_cidr_blocks]
}

run "negative_disk" {
  command = plan
  variables {
    system_nodes = { disk_size_gib = -50 }
  }
  expect_failures = [var.system_nodes]
}

run "unknown_gpu" {
  command = plan
  variables {
    gpu = { instance_type = "m7i.xlarge", max_nodes = 8 }
  }
  expect_failures = [var.gpu]
}

run "negative_gpu_nodes" {
  command = plan
  variables {
    gpu = { instance_type = "g6.2xlarge", max_nodes = -1 }
  }
  expect_failures = [var.gpu]
}

run "half_an_instance" {
  command = plan
  variables {
    instances = { pyramid = 0.5 }
  }
  expect_failures = [var.instances]
}

run "knative_beside_deployments" {
  command = plan
  variables {
    knative = { max_instances = 8 }
  }
  expect_failures = [var.instances]
}

run "no_instances_of_knative" {
  command = plan
  variables {
    instances = { deconvolve = 0 }
    knative   = { max_instances = 0 }
  }
  expect_failures = [var.knative]
}

run "bucket_by_its_url" {
  command = plan
  variables {
    source_bucket_names = ["s3://raw"]
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

run "ingress_without_tls" {
  command = plan
  variables {
    ingress = { host = "a.example.org", class_name = "nginx", tls_secret_name = "", namespace = "n" }
  }
  expect_failures = [var.ingress]
}

run "rules_without_output" {
  command = plan
  variables {
    ingress          = { host = "a.example.org", class_name = "nginx", tls_secret_name = "t", namespace = "n" }
    event_connection = { arn = "arn:aws:events:eu-central-1:111122223333:connection/c/0", secret_sha256 = ["0000000000000000000000000000000000000000000000000000000000000000"] }
    event_rules      = [{ bucket = "box-uploads" }]
  }
  expect_failures = [var.event_rules]
}

run "events_without_connection" {
  command = plan
  variables {
    ingress     = { host = "a.example.org", class_name = "nginx", tls_secret_name = "t", namespace = "n" }
    event_rules = [{ bucket = "box-uploads", key = "**/*.tif", when = "tiff", job = { psf = "s3://p/a.tif", output = "s3://box-results/{key}.ome.zarr" } }]
  }
  expect_failures = [var.event_rules]
}

run "secret_for_its_sum" {
  command = plan
  variables {
    event_connection = { arn = "arn:aws:events:eu-central-1:111122223333:connection/c/0", secret_sha256 = ["secret"] }
  }
  expect_failures = [var.event_connection]
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
    ingress              = { host = "a.example.org", class_name = "nginx", tls_secret_name = "t", namespace = "n" }
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
    ingress          = { host = "a.example.org", class_name = "nginx", tls_secret_name = "t", namespace = "n" }
    event_connection = { arn = "arn:aws:events:eu-central-1:111122223333:connection/c/0", secret_sha256 = ["0000000000000000000000000000000000000000000000000000000000000000"] }
    event_rules      = [{ bucket = "raw", key = "**/*.tif", when = "tiff", job = { psf = "s3://p/a.tif", output = "s3://box-results/{key}.ome.zarr" } }]
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
