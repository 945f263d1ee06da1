data "aws_partition" "this" {}

data "aws_caller_identity" "this" {}

resource "aws_iam_role" "this" {
  for_each = local.roles
  name     = "${var.name}-${each.key}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = each.value.service }, Action = each.value.actions }]
  })
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each   = local.role_policies
  role       = aws_iam_role.this[each.value.role].name
  policy_arn = each.value.arn
}

resource "aws_eks_cluster" "this" {
  name                      = var.name
  version                   = var.kubernetes_version
  role_arn                  = aws_iam_role.this["cluster"].arn
  deletion_protection       = var.deletion_protection_enabled
  enabled_cluster_log_types = ["api", "audit", "authenticator"]
  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = true
  }
  vpc_config {
    subnet_ids              = var.private_subnet_ids
    endpoint_private_access = true
    endpoint_public_access  = length(var.admin_cidr_blocks) > 0
    public_access_cidrs     = length(var.admin_cidr_blocks) > 0 ? var.admin_cidr_blocks : null
  }
  depends_on = [aws_iam_role_policy_attachment.this]
}

# Pods cannot have a node's identity: a hop is what its metadata service may be away from the host itself.
resource "aws_launch_template" "nodes" {
  for_each    = { system = var.system_nodes.disk_size_gib, gpu = var.gpu.disk_size_gib }
  name_prefix = "${var.name}-${each.key}-"
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size = each.value
      volume_type = "gp3"
      encrypted   = "true"
    }
  }
}

resource "aws_eks_node_group" "system" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "system"
  node_role_arn   = aws_iam_role.this["nodes"].arn
  subnet_ids      = var.private_subnet_ids
  ami_type        = "AL2023_x86_64_STANDARD"
  instance_types  = [var.system_nodes.instance_type]
  launch_template {
    id      = aws_launch_template.nodes["system"].id
    version = aws_launch_template.nodes["system"].latest_version
  }
  scaling_config {
    min_size     = var.system_nodes.min_nodes
    max_size     = var.system_nodes.max_nodes
    desired_size = var.system_nodes.min_nodes
  }
  update_config {
    max_unavailable = 1
  }
  lifecycle {
    # The autoscaler's business.
    ignore_changes = [scaling_config[0].desired_size]
  }
}

# The image has NVIDIA's driver and toolkit; NVIDIA_DRIVER_CAPABILITIES of the container asks them for Vulkan.
resource "aws_eks_node_group" "gpu" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "gpu"
  node_role_arn   = aws_iam_role.this["nodes"].arn
  subnet_ids      = var.private_subnet_ids
  ami_type        = "AL2023_x86_64_NVIDIA"
  capacity_type   = var.gpu.spot_enabled ? "SPOT" : "ON_DEMAND"
  instance_types  = [var.gpu.instance_type]
  # The plugin that hands out GPUs goes where this label is.
  labels = { "nvidia.com/gpu.present" = "true" }
  launch_template {
    id      = aws_launch_template.nodes["gpu"].id
    version = aws_launch_template.nodes["gpu"].latest_version
  }
  taint {
    key    = "nvidia.com/gpu"
    value  = "present"
    effect = "NO_SCHEDULE"
  }
  scaling_config {
    min_size     = 0
    max_size     = var.gpu.max_nodes
    desired_size = 0
  }
  update_config {
    max_unavailable = 1
  }
  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }
}

resource "aws_eks_addon" "this" {
  for_each = {
    vpc-cni                = jsonencode({ enableNetworkPolicy = "true" })
    kube-proxy             = null
    coredns                = null
    eks-pod-identity-agent = null
    aws-ebs-csi-driver     = jsonencode({ defaultStorageClass = { enabled = true } })
  }
  cluster_name         = aws_eks_cluster.this.name
  addon_name           = each.key
  configuration_values = each.value
  # The network is there before nodes are, which wait for it.
  depends_on = [aws_eks_pod_identity_association.volumes]
}

resource "aws_eks_pod_identity_association" "volumes" {
  cluster_name    = aws_eks_cluster.this.name
  namespace       = "kube-system"
  service_account = "ebs-csi-controller-sa"
  role_arn        = aws_iam_role.this["volumes"].arn
}

resource "aws_iam_role_policy" "autoscaler" {
  name = "scale-node-groups"
  role = aws_iam_role.this["autoscaler"].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeLaunchConfigurations",
          "autoscaling:DescribeScalingActivities", "autoscaling:DescribeTags", "ec2:DescribeImages", "ec2:DescribeInstanceTypes",
          "ec2:DescribeLaunchTemplateVersions", "ec2:GetInstanceTypesFromInstanceRequirements",
        ]
        Resource = "*"
      },
      {
        Effect   = "Allow"
        Action   = ["eks:DescribeNodegroup"]
        Resource = "arn:${local.partition}:eks:${var.region}:${local.account}:nodegroup/${var.name}/*"
      },
      {
        Effect    = "Allow"
        Action    = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:ResourceTag/eks:cluster-name" = var.name } }
      },
    ]
  })
}

resource "aws_eks_pod_identity_association" "autoscaler" {
  cluster_name    = aws_eks_cluster.this.name
  namespace       = "kube-system"
  service_account = "cluster-autoscaler"
  role_arn        = aws_iam_role.this["autoscaler"].arn
}
