# Four instances of deconvolve, each with a GPU, on a cluster that is there.
provider "kubernetes" {
  config_path = "~/.kube/config"
}

module "clearstack" {
  source    = "../../modules/kubernetes"
  namespace = "clearstack"
  images = {
    api         = "registry.example.org/clearstack-cpu:1.2.3"
    orchestrate = "registry.example.org/clearstack-cpu:1.2.3"
    pyramid     = "registry.example.org/clearstack-cpu:1.2.3"
    deconvolve  = "registry.example.org/clearstack-gpu:1.2.3"
    restate     = "registry.example.org/restate:1.7.12"
  }
  jobs_url                     = "s3://clearstack-state/jobs"
  allowed_sources              = ["s3://raw/", "s3://psfs/"]
  allowed_outputs              = ["s3://results/"]
  functions_secret_name        = "clearstack"
  api_keys_secret_name         = "clearstack-keys"
  store_secret_name            = "clearstack-store"
  restate_identity_secret_name = "restate-identity"
  restate_identity_public_key  = var.restate_identity_public_key
  webhooks_enabled             = true
  metrics_token_enabled        = true
  retention_days               = 90
  instances                    = { deconvolve = 4 }
  monitoring_namespaces        = ["monitoring"]
  grafana_dashboard_enabled    = true
  environment                  = { AWS_REGION = "eu-central-1", AWS_ENDPOINT_URL = "https://s3.example.org" }
}
