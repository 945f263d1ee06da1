# The buckets of an installation on Google Cloud, what each function may do in them, and the messages about uploads. Used by
# gke-knative and cloud-run.

# uploads: images and PSFs; results: outputs; jobs: records of jobs, encrypted by the functions; inbox: events that wait; views: what view keeps of
# what it has shown.
resource "google_storage_bucket" "this" {
  for_each                    = local.buckets
  project                     = var.project_id
  name                        = "${var.name}-${each.key}"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  versioning {
    # An upload that replaces another is another event, known by its generation; jobs and events are not kept twice.
    enabled = contains(["uploads", "results"], each.key)
  }
  soft_delete_policy {
    # Views are thrown away to make room.
    retention_duration_seconds = each.key == "views" ? 0 : var.kept_days * 24 * 60 * 60
  }
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 1
    }
  }
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = var.kept_days
      with_state                 = "ARCHIVED"
    }
  }
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_storage_bucket_iam_member" "function" {
  for_each = local.grants
  bucket   = google_storage_bucket.this[each.value.bucket].name
  role     = each.value.role
  member   = var.members[each.value.function]
}

resource "google_storage_bucket_iam_member" "source" {
  for_each = local.source_grants
  bucket   = each.value.bucket
  role     = local.viewer
  member   = var.members[each.value.function]
}
