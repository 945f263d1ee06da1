locals {
  # Pods have an identity each, by the name of their service account; no key of an account is ever made.
  pods       = "principal://iam.googleapis.com/projects/${data.google_project.this.number}/locations/global/workloadIdentityPools/${google_container_cluster.this.workload_identity_config[0].workload_pool}/subject/ns/${var.namespace}/sa"
  repository = try(split("/", var.image_repository), [])

  hosts      = var.ingress == null ? [] : compact([var.ingress.host, try(var.view.host, null)])
  events_url = var.ingress == null ? null : "https://${var.ingress.host}/v1/events"
  has_events = var.event_rules != null && var.ingress != null

  egress = concat(
    [{
      cidr_block         = "0.0.0.0/0"
      ports              = [443]
      except_cidr_blocks = ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
    }],
    # Google's server of identity on each node.
    [{ cidr_block = "169.254.169.254/32", ports = [80], except_cidr_blocks = [] }],
    var.egress,
  )
}
