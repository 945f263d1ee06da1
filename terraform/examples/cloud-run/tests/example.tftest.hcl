mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

run "urls_follow_from_names" {
  command = plan
  assert {
    condition     = output.api_url == "https://clearstack-api-123456789012.europe-west4.run.app"
    error_message = output.api_url
  }
  assert {
    condition     = output.bucket_names == { inbox = "clearstack-inbox", jobs = "clearstack-jobs", results = "clearstack-results", uploads = "clearstack-uploads", views = "clearstack-views" }
    error_message = jsonencode(output.bucket_names)
  }
}
