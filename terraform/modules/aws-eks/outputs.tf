output "cluster_name" {
  description = "Name of the cluster, for aws eks update-kubeconfig"
  value       = aws_eks_cluster.this.name
}

output "cluster_endpoint" {
  description = "Address at which the cluster is administrated"
  value       = aws_eks_cluster.this.endpoint
}

output "cluster_ca_certificate" {
  description = "Certificate of the cluster, base64"
  value       = aws_eks_cluster.this.certificate_authority[0].data
}

output "bucket_names" {
  description = "Buckets by what they hold: uploads, results, jobs, inbox, and views where there are some"
  value       = { for kind, bucket in aws_s3_bucket.this : kind => bucket.bucket }
}

output "api_url" {
  description = "Where api answers: at its host, or else inside of the cluster"
  value       = one(module.functions[*].api_url)
}

output "metrics_urls" {
  description = "Where each function answers scrapers"
  value       = one(module.functions[*].metrics_urls)
}
