locals {
  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"

  buckets = toset(concat(["uploads", "results", "jobs", "inbox"], var.views_enabled ? ["views"] : []))
  viewer  = "roles/storage.objectViewer"
  user    = "roles/storage.objectUser"
  # What a function has no business with it cannot reach: api sees no voxel, and only orchestrate the jobs.
  grants = merge({
    api-inbox           = { function = "api", bucket = "inbox", role = local.user }
    orchestrate-jobs    = { function = "orchestrate", bucket = "jobs", role = local.user }
    orchestrate-uploads = { function = "orchestrate", bucket = "uploads", role = local.viewer }
    orchestrate-results = { function = "orchestrate", bucket = "results", role = local.user }
    deconvolve-uploads  = { function = "deconvolve", bucket = "uploads", role = local.viewer }
    deconvolve-results  = { function = "deconvolve", bucket = "results", role = local.user }
    pyramid-results     = { function = "pyramid", bucket = "results", role = local.user }
    }, var.views_enabled ? {
    deconvolve-views = { function = "deconvolve", bucket = "views", role = local.user }
    pyramid-views    = { function = "pyramid", bucket = "views", role = local.user }
    view-views       = { function = "view", bucket = "views", role = local.user }
    view-uploads     = { function = "view", bucket = "uploads", role = local.viewer }
    view-results     = { function = "view", bucket = "results", role = local.viewer }
  } : {})
  source_grants = {
    for pair in setproduct(concat(["orchestrate", "deconvolve"], var.views_enabled ? ["view"] : []), var.source_bucket_names) : join("-", pair) => { function = pair[0], bucket = pair[1] }
  }

  has_events = var.events != null
  # What the address will be, known before the account is there.
  events_email = one([for account in google_service_account.uploads : "${account.account_id}@${var.project_id}.iam.gserviceaccount.com"])
}
