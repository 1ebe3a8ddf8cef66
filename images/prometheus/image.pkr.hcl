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
      "prometheus --version",
    ]
  }
}
