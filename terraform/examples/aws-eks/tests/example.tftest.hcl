mock_provider "aws" {}
mock_provider "helm" {}
mock_provider "kubernetes" {}

run "cluster_first" {
  command = plan
  variables {
    functions_enabled = false
  }
  assert {
    condition     = output.api_url == null && output.cluster_name == "clearstack"
    error_message = "the first apply makes the cluster, and nothing in it that needs secrets"
  }
}

run "then_functions" {
  command = plan
  assert {
    condition     = output.api_url == "https://clearstack.example.org"
    error_message = "api must answer at its host, not at ${output.api_url}"
  }
  assert {
    condition     = output.bucket_names == { inbox = "clearstack-inbox", jobs = "clearstack-jobs", results = "clearstack-results", uploads = "clearstack-uploads", views = "clearstack-views" }
    error_message = jsonencode(output.bucket_names)
  }
  assert {
    condition     = length([for name in keys(module.clearstack.metrics_urls) : name if startswith(name, "deconvolve")]) == 0
    error_message = "deconvolve is Knative's to start: it has no Deployment of its own"
  }
}
