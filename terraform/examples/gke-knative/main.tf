# A cluster of its own, up to eight L4 GPUs that are there only while tiles come, and jobs that start by themselves when a file
# arrives.
provider "google" {
  project = var.project_id
  region  = "europe-west4"
}

data "google_client_config" "this" {}

provider "kubernetes" {
  host                   = module.clearstack.cluster_endpoint
  cluster_ca_certificate = base64decode(module.clearstack.cluster_ca_certificate)
  token                  = data.google_client_config.this.access_token
}

provider "helm" {
  kubernetes = {
    host                   = module.clearstack.cluster_endpoint
    cluster_ca_certificate = base64decode(module.clearstack.cluster_ca_certificate)
    token                  = data.google_client_config.this.access_token
  }
}

module "clearstack" {
  source            = "../../modules/gke-knative"
  project_id        = var.project_id
  region            = "europe-west4"
  name              = "clearstack"
  namespace         = "clearstack"
  functions_enabled = var.functions_enabled
  admin_cidr_blocks = ["203.0.113.0/28"]
  image_repository  = "projects/${var.project_id}/locations/europe-west4/repositories/clearstack"
  images = {
    api         = "europe-west4-docker.pkg.dev/${var.project_id}/clearstack/cpu:1.2.3"
    orchestrate = "europe-west4-docker.pkg.dev/${var.project_id}/clearstack/cpu:1.2.3"
    pyramid     = "europe-west4-docker.pkg.dev/${var.project_id}/clearstack/cpu:1.2.3"
    deconvolve  = "europe-west4-docker.pkg.dev/${var.project_id}/clearstack/gpu:1.2.3"
    view        = "europe-west4-docker.pkg.dev/${var.project_id}/clearstack/cpu:1.2.3"
    restate     = "europe-west4-docker.pkg.dev/${var.project_id}/clearstack/restate:1.7.12"
  }
  gpu = {
    type         = "nvidia-l4"
    machine_type = "g2-standard-8"
    zones        = ["europe-west4-a", "europe-west4-b"]
    max_nodes    = 8
    spot_enabled = true
  }
  functions_secret_name        = "clearstack"
  api_keys_secret_name         = "clearstack-keys"
  restate_identity_secret_name = "restate-identity"
  restate_identity_public_key  = var.restate_identity_public_key
  retention_days               = 90
  price_per_gpu_second         = 0.0003
  ingress                      = { host = "clearstack.example.org" }
  view                         = { host = "views.example.org", cache_gib = 50 }
  event_rules = [{
    bucket = "clearstack-uploads"
    key    = "spim/**/*.ome.zarr"
    when   = { marker = "/_SUCCESS" }
    job = {
      psf    = "gs://clearstack-uploads/psfs/spim.tif"
      output = "gs://clearstack-results/{key}"
    }
  }]
}
