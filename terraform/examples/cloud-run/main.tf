# Experimental: see the module. Services without a cluster, in a network that is there.
provider "google" {
  project = var.project_id
  region  = "europe-west4"
}

module "clearstack" {
  source                = "../../modules/cloud-run"
  experimental_accepted = true
  project_id            = var.project_id
  region                = "europe-west4"
  name                  = "clearstack"
  images = {
    api         = "europe-west4-docker.pkg.dev/${var.project_id}/clearstack/cpu:1.2.3"
    orchestrate = "europe-west4-docker.pkg.dev/${var.project_id}/clearstack/cpu:1.2.3"
    pyramid     = "europe-west4-docker.pkg.dev/${var.project_id}/clearstack/cpu:1.2.3"
    deconvolve  = "europe-west4-docker.pkg.dev/${var.project_id}/clearstack/gpu-cloud-run:1.2.3"
    view        = "europe-west4-docker.pkg.dev/${var.project_id}/clearstack/cpu:1.2.3"
  }
  network    = { network = "default", subnetwork = "default" }
  secret_ids = { token = "clearstack-token", state_key = "clearstack-state-key", api_keys = "clearstack-keys" }
  gpu        = { max_instances = 3 }
  view       = {}
  event_rules = [{
    bucket = "clearstack-uploads"
    key    = "confocal/**/*.tif"
    when   = "tiff"
    job = {
      psf    = "gs://clearstack-uploads/psfs/confocal.tif"
      output = "gs://clearstack-results/{key}.ome.zarr"
    }
  }]
}
