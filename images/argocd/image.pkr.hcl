variable "base" {}
variable "stage" {}
variable "exported" {}
variable "shell" {}

source "docker" "image" {
  image            = var.base
  export_path      = var.exported
  fix_upload_owner = false
  run_command      = ["-d", "-i", "--network=none", "--entrypoint=/bin/sh", "--", "{{.Image}}"]
}

build {
  sources = ["source.docker.image"]

  provisioner "file" {
    source      = var.stage
    destination = "/"
  }

  provisioner "shell" {
    inline = [
      "mkdir -p /app/config/gpg/source /app/config/ssh /app/config/tls /etc/ssh",
      "touch /app/config/ssh/ssh_known_hosts",
      "ln -s /app/config/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts",
      "for name in server repo-server application-controller applicationset-controller notifications commit-server cmp-server dex k8s-auth git-ask-pass; do ln -s argocd /usr/local/bin/argocd-$name; done",
      "argocd version --client --short",
      "helm version --short",
      "git --version",
      "gpg --version",
      "tini --version",
    ]
  }
}
