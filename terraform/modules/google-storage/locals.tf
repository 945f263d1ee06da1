locals {
  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"

  buckets = toset(["uploads", "results", "jobs", "inbox"])
  viewer  = "roles/storage.objectViewer"
  user    = "roles/storage.objectUser"
  # What a function has no business with it cannot reach: api sees no voxel, and only orchestrate the jobs.
  grants = {
    api-inbox           = { function = "api", bucket = "inbox", role = local.user }
    orchestrate-jobs    = { function = "orchestrate", bucket = "jobs", role = local.user }
    orchestrate-uploads = { function = "orchestrate", bucket = "uploads", role = local.viewer }
    orchestrate-results = { function = "orchestrate", bucket = "results", role = local.user }
    deconvolve-uploads  = { function = "deconvolve", bucket = "uploads", role = local.viewer }
    deconvolve-results  = { function = "deconvolve", bucket = "results", role = local.user }
    pyramid-results     = { function = "pyramid", bucket = "results", role = local.user }
  }
  source_grants = {
    for pair in setproduct(["orchestrate", "deconvolve"], var.source_bucket_names) : join("-", pair) => { function = pair[0], bucket = pair[1] }
  }

  has_events = var.events != null
  # What the address will be, known before the account is there.
  events_email = one([for account in google_service_account.uploads : "${account.account_id}@${var.project_id}.iam.gserviceaccount.com"])
}
