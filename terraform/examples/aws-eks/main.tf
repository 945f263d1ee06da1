# A cluster of its own in subnets that are there, up to eight GPU nodes while a tile waits for one, and jobs that start by
# themselves when a file arrives.
provider "aws" {
  region = "eu-central-1"
}

data "aws_eks_cluster_auth" "this" {
  name = module.clearstack.cluster_name
}

provider "kubernetes" {
  host                   = module.clearstack.cluster_endpoint
  cluster_ca_certificate = base64decode(module.clearstack.cluster_ca_certificate)
  token                  = data.aws_eks_cluster_auth.this.token
}

provider "helm" {
  kubernetes = {
    host                   = module.clearstack.cluster_endpoint
    cluster_ca_certificate = base64decode(module.clearstack.cluster_ca_certificate)
    token                  = data.aws_eks_cluster_auth.this.token
  }
}

module "clearstack" {
  source             = "../../modules/aws-eks"
  region             = "eu-central-1"
  name               = "clearstack"
  namespace          = "clearstack"
  functions_enabled  = var.functions_enabled
  private_subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  admin_cidr_blocks  = ["203.0.113.0/28"]
  images = {
    api         = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/clearstack-cpu:1.2.3"
    orchestrate = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/clearstack-cpu:1.2.3"
    pyramid     = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/clearstack-cpu:1.2.3"
    deconvolve  = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/clearstack-gpu:1.2.3"
    view        = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/clearstack-cpu:1.2.3"
    restate     = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/restate:1.7.12"
  }
  gpu       = { instance_type = "g6.2xlarge", max_nodes = 8 }
  instances = { deconvolve = 0 }
  knative   = { max_instances = 8 }

  functions_secret_name        = "clearstack"
  api_keys_secret_name         = "clearstack-keys"
  restate_identity_secret_name = "restate-identity"
  restate_identity_public_key  = var.restate_identity_public_key
  retention_days               = 90
  price_per_gpu_second         = 0.0004
  ingress = {
    host            = "clearstack.example.org"
    class_name      = "nginx"
    tls_secret_name = "clearstack-tls"
    namespace       = "ingress-nginx"
  }
  view = { host = "views.example.org", key_enabled = true }
  event_connection = {
    arn           = "arn:aws:events:eu-central-1:111122223333:connection/clearstack/00000000-0000-0000-0000-000000000000"
    secret_sha256 = ["0000000000000000000000000000000000000000000000000000000000000000"]
  }
  event_rules = [{
    bucket = "clearstack-uploads"
    key    = "confocal/**/*.tif"
    when   = "tiff"
    job = {
      psf    = "s3://clearstack-uploads/psfs/confocal.tif"
      output = "s3://clearstack-results/{key}.ome.zarr"
    }
  }]
}
