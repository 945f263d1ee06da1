mock_provider "kubernetes" {}

run "private_by_default" {
  command = plan
  assert {
    condition     = output.api_url == "http://api.clearstack.svc:8080"
    error_message = "without ingress api must answer inside of the cluster alone, not at ${output.api_url}"
  }
  assert {
    condition     = length([for name in keys(module.clearstack.metrics_urls) : name if startswith(name, "deconvolve-")]) == 4
    error_message = "four instances of deconvolve are asked for"
  }
}
