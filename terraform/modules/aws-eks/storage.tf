# uploads: images and PSFs; results: outputs; jobs: records of jobs, encrypted by the functions; inbox: events that wait; views: what view keeps of
# what it has shown.
resource "aws_s3_bucket" "this" {
  for_each      = local.buckets
  bucket        = "${var.name}-${each.key}"
  force_destroy = false
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = aws_s3_bucket.this
  bucket                  = each.value.bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# Views are thrown away to make room: what was there before is not kept.
resource "aws_s3_bucket_versioning" "this" {
  for_each = { for kind, bucket in aws_s3_bucket.this : kind => bucket if kind != "views" }
  bucket   = each.value.bucket
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.bucket
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.bucket
  rule {
    id     = "leftovers"
    status = "Enabled"
    filter {
      prefix = ""
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
    noncurrent_version_expiration {
      noncurrent_days = var.kept_days
    }
  }
  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.bucket
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.own[each.key], "${local.own[each.key]}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_iam_role" "function" {
  for_each = local.grants
  name     = "${var.name}-${each.key}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "pods.eks.amazonaws.com" }, Action = ["sts:AssumeRole", "sts:TagSession"] }]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.grants
  name     = "buckets"
  role     = aws_iam_role.function[each.key].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      # Without this right, S3 calls an object forbidden that is not there.
      [{ Effect = "Allow", Action = ["s3:ListBucket"], Resource = concat(each.value.read, each.value.write) }],
      length(each.value.read) == 0 ? [] : [{ Effect = "Allow", Action = local.read, Resource = [for arn in each.value.read : "${arn}/*"] }],
      [{ Effect = "Allow", Action = local.write, Resource = [for arn in each.value.write : "${arn}/*"] }],
    )
  })
}

resource "aws_eks_pod_identity_association" "function" {
  for_each        = local.grants
  cluster_name    = aws_eks_cluster.this.name
  namespace       = var.namespace
  service_account = "clearstack-${each.key}"
  role_arn        = aws_iam_role.function[each.key].arn
}
