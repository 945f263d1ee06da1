data "google_project" "this" {
  project_id = var.project_id
}

resource "google_project_service" "used" {
  for_each           = toset(["compute.googleapis.com", "container.googleapis.com", "iam.googleapis.com", "pubsub.googleapis.com", "storage.googleapis.com"])
  project            = var.project_id
  service            = each.key
  disable_on_destroy = false
}

# Nodes have no public address: they reach out by NAT, and Google's own services by private access.
resource "google_compute_network" "this" {
  project                 = var.project_id
  name                    = var.name
  auto_create_subnetworks = false
  depends_on              = [google_project_service.used]
}

resource "google_compute_subnetwork" "nodes" {
  project                  = var.project_id
  name                     = "${var.name}-nodes"
  region                   = var.region
  network                  = google_compute_network.this.id
  ip_cidr_range            = var.network_cidr_blocks.nodes
  private_ip_google_access = true
  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = var.network_cidr_blocks.pods
  }
  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = var.network_cidr_blocks.services
  }
}

resource "google_compute_router" "this" {
  project = var.project_id
  name    = var.name
  region  = var.region
  network = google_compute_network.this.id
}

resource "google_compute_router_nat" "this" {
  project                            = var.project_id
  name                               = var.name
  region                             = var.region
  router                             = google_compute_router.this.name
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
}

resource "google_service_account" "nodes" {
  project      = var.project_id
  account_id   = "${var.name}-nodes"
  display_name = "Nodes of the cluster ${var.name}"
}

# Logs, metrics and what else a node does by itself; no function has this identity.
resource "google_project_iam_member" "nodes" {
  project = var.project_id
  role    = "roles/container.defaultNodeServiceAccount"
  member  = google_service_account.nodes.member
}

resource "google_artifact_registry_repository_iam_member" "nodes" {
  count      = var.image_repository == null ? 0 : 1
  project    = local.repository[1]
  location   = local.repository[3]
  repository = local.repository[5]
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.nodes.member
}

resource "google_container_cluster" "this" {
  project             = var.project_id
  name                = var.name
  location            = var.region
  network             = google_compute_network.this.id
  subnetwork          = google_compute_subnetwork.nodes.id
  deletion_protection = var.deletion_protection_enabled
  # The pool that every cluster begins with goes: its nodes could not be changed without the cluster.
  remove_default_node_pool = true
  initial_node_count       = 1
  networking_mode          = "VPC_NATIVE"
  # This data plane enforces network policies.
  datapath_provider = "ADVANCED_DATAPATH"
  node_config {
    service_account = google_service_account.nodes.email
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }
  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }
  private_cluster_config {
    enable_private_nodes   = true
    master_ipv4_cidr_block = var.network_cidr_blocks.control_plane
  }
  master_authorized_networks_config {
    dynamic "cidr_blocks" {
      for_each = var.admin_cidr_blocks
      content {
        cidr_block = cidr_blocks.value
      }
    }
  }
  workload_identity_config {
    workload_pool = "${var.project_id}.svc.id.goog"
  }
  release_channel {
    channel = "REGULAR"
  }
  lifecycle {
    ignore_changes = [node_config]
  }
}

# The control plane asks Knative's webhooks, whose port is not among those that it may reach on private nodes by itself.
resource "google_compute_firewall" "webhooks" {
  project                 = var.project_id
  name                    = "${var.name}-webhooks"
  network                 = google_compute_network.this.id
  direction               = "INGRESS"
  source_ranges           = [var.network_cidr_blocks.control_plane]
  target_service_accounts = [google_service_account.nodes.email]
  allow {
    protocol = "tcp"
    ports    = ["8443"]
  }
}

resource "google_container_node_pool" "system" {
  project  = var.project_id
  name     = "system"
  location = var.region
  cluster  = google_container_cluster.this.name
  autoscaling {
    min_node_count = 1
    max_node_count = var.system_nodes.max_nodes
  }
  management {
    auto_repair  = true
    auto_upgrade = true
  }
  node_config {
    machine_type    = var.system_nodes.machine_type
    disk_size_gb    = var.system_nodes.disk_size_gb
    service_account = google_service_account.nodes.email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }
  }
}

# No node until a pod asks for a GPU, and none again some ten minutes after the last.
resource "google_container_node_pool" "gpu" {
  project        = var.project_id
  name           = "gpu"
  location       = var.region
  node_locations = var.gpu.zones
  cluster        = google_container_cluster.this.name
  autoscaling {
    total_min_node_count = 0
    total_max_node_count = var.gpu.max_nodes
    location_policy      = "ANY"
  }
  management {
    auto_repair  = true
    auto_upgrade = true
  }
  node_config {
    machine_type    = var.gpu.machine_type
    disk_size_gb    = var.gpu.disk_size_gb
    spot            = var.gpu.spot_enabled
    service_account = google_service_account.nodes.email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
    guest_accelerator {
      type  = var.gpu.type
      count = 1
      gpu_driver_installation_config {
        gpu_driver_version = "LATEST"
      }
    }
    taint {
      key    = "nvidia.com/gpu"
      value  = "present"
      effect = "NO_SCHEDULE"
    }
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }
  }
}
