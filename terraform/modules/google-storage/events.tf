data "google_project" "this" {
  project_id = var.project_id
}

# The uploads bucket tells a topic, which calls api with a token of an identity of its own.
data "google_storage_project_service_account" "this" {
  project = var.project_id
}

resource "google_service_account" "uploads" {
  count        = local.has_events ? 1 : 0
  project      = var.project_id
  account_id   = "${var.name}-uploads"
  display_name = "Tells Clearstack of uploads; it may do nothing else"
}

resource "google_service_account_iam_member" "uploads" {
  count              = local.has_events ? 1 : 0
  service_account_id = google_service_account.uploads[0].name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = local.pubsub_agent
}

resource "google_pubsub_topic" "uploads" {
  for_each = toset(local.has_events ? ["uploads", "undelivered"] : [])
  project  = var.project_id
  name     = "${var.name}-${each.key}"
}

resource "google_pubsub_topic_iam_member" "uploads" {
  for_each = local.has_events ? {
    uploads     = data.google_storage_project_service_account.this.member
    undelivered = local.pubsub_agent
  } : {}
  project = var.project_id
  topic   = google_pubsub_topic.uploads[each.key].name
  role    = "roles/pubsub.publisher"
  member  = each.value
}

resource "google_storage_notification" "uploads" {
  count          = local.has_events ? 1 : 0
  bucket         = google_storage_bucket.this["uploads"].name
  topic          = google_pubsub_topic.uploads["uploads"].id
  payload_format = "JSON_API_V1"
  event_types    = ["OBJECT_FINALIZE"]
  depends_on     = [google_pubsub_topic_iam_member.uploads]
}

resource "google_pubsub_subscription" "uploads" {
  count                      = local.has_events ? 1 : 0
  project                    = var.project_id
  name                       = "${var.name}-uploads"
  topic                      = google_pubsub_topic.uploads["uploads"].id
  ack_deadline_seconds       = 60
  message_retention_duration = "604800s"
  push_config {
    push_endpoint = var.events.url
    oidc_token {
      service_account_email = local.events_email
      audience              = var.events.audience
    }
  }
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.uploads["undelivered"].id
    max_delivery_attempts = 100
  }
  expiration_policy {
    ttl = ""
  }
}

# What is given up is kept for a week, for somebody to look at.
resource "google_pubsub_subscription" "undelivered" {
  count                      = local.has_events ? 1 : 0
  project                    = var.project_id
  name                       = "${var.name}-undelivered"
  topic                      = google_pubsub_topic.uploads["undelivered"].id
  message_retention_duration = "604800s"
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription_iam_member" "uploads" {
  count        = local.has_events ? 1 : 0
  project      = var.project_id
  subscription = google_pubsub_subscription.uploads[0].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}
