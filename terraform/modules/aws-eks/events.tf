# The uploads bucket tells EventBridge, which calls api with the secret that its connection holds.
resource "aws_s3_bucket_notification" "uploads" {
  count       = local.has_events ? 1 : 0
  bucket      = aws_s3_bucket.this["uploads"].bucket
  eventbridge = true
}

resource "aws_cloudwatch_event_rule" "uploads" {
  count = local.has_events ? 1 : 0
  name  = "${var.name}-uploads"
  event_pattern = jsonencode({
    source        = ["aws.s3"]
    "detail-type" = ["Object Created"]
    detail        = { bucket = { name = [aws_s3_bucket.this["uploads"].bucket] } }
  })
}

resource "aws_cloudwatch_event_api_destination" "uploads" {
  count                            = local.has_events ? 1 : 0
  name                             = "${var.name}-uploads"
  connection_arn                   = var.event_connection.arn
  invocation_endpoint              = local.events_url
  http_method                      = "POST"
  invocation_rate_limit_per_second = 100
}

resource "aws_iam_role" "events" {
  count = local.has_events ? 1 : 0
  name  = "${var.name}-events"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "events" {
  count = local.has_events ? 1 : 0
  name  = "deliver-uploads"
  role  = aws_iam_role.events[0].name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["events:InvokeApiDestination"], Resource = [aws_cloudwatch_event_api_destination.uploads[0].arn] }]
  })
}

# What could not be delivered is kept for two weeks, for somebody to look at.
resource "aws_sqs_queue" "undelivered" {
  count                     = local.has_events ? 1 : 0
  name                      = "${var.name}-undelivered"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "undelivered" {
  count     = local.has_events ? 1 : 0
  queue_url = aws_sqs_queue.undelivered[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.undelivered[0].arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.uploads[0].arn } }
    }]
  })
}

resource "aws_cloudwatch_event_target" "uploads" {
  count    = local.has_events ? 1 : 0
  rule     = aws_cloudwatch_event_rule.uploads[0].name
  arn      = aws_cloudwatch_event_api_destination.uploads[0].arn
  role_arn = aws_iam_role.events[0].arn
  dead_letter_config {
    arn = aws_sqs_queue.undelivered[0].arn
  }
  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }
}
