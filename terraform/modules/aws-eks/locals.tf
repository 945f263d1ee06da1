locals {
  partition = data.aws_partition.this.partition
  account   = data.aws_caller_identity.this.account_id

  # Roles of what is not a function, and what they may do by AWS's own policies.
  roles = {
    cluster    = { service = "eks.amazonaws.com", actions = ["sts:AssumeRole", "sts:TagSession"], policies = ["AmazonEKSClusterPolicy"] }
    nodes      = { service = "ec2.amazonaws.com", actions = ["sts:AssumeRole"], policies = ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"] }
    volumes    = { service = "pods.eks.amazonaws.com", actions = ["sts:AssumeRole", "sts:TagSession"], policies = ["service-role/AmazonEBSCSIDriverPolicy"] }
    autoscaler = { service = "pods.eks.amazonaws.com", actions = ["sts:AssumeRole", "sts:TagSession"], policies = [] }
  }
  role_policies = merge([
    for name, role in local.roles : { for policy in role.policies : "${name}-${basename(policy)}" => { role = name, arn = "arn:${local.partition}:iam::aws:policy/${policy}" } }
  ]...)

  buckets = toset(concat(["uploads", "results", "jobs", "inbox"], var.view == null ? [] : ["views"]))
  read    = ["s3:GetObject"]
  write   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
  own     = { for kind in local.buckets : kind => "arn:${local.partition}:s3:::${var.name}-${kind}" }
  sources = [for name in var.source_bucket_names : "arn:${local.partition}:s3:::${name}"]
  # What a function has no business with it cannot reach: api sees no voxel, and only orchestrate the jobs.
  views = var.view == null ? [] : [local.own.views]
  grants = merge({
    api         = { read = [], write = [local.own.inbox] }
    orchestrate = { read = concat([local.own.uploads], local.sources), write = [local.own.results, local.own.jobs] }
    deconvolve  = { read = concat([local.own.uploads], local.sources), write = concat([local.own.results], local.views) }
    pyramid     = { read = [], write = concat([local.own.results], local.views) }
    }, var.view == null ? {} : {
    view = { read = concat([local.own.uploads, local.own.results], local.sources), write = local.views }
  })

  events_url = var.ingress == null ? null : "https://${var.ingress.host}/v1/events"
  has_events = var.event_rules != null && var.ingress != null && var.event_connection != null

  egress = concat(
    [{
      cidr_block         = "0.0.0.0/0"
      ports              = [443]
      except_cidr_blocks = ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
    }],
    # The agent of pod identities on each node.
    [{ cidr_block = "169.254.170.23/32", ports = [80], except_cidr_blocks = [] }],
    var.egress,
  )
}
