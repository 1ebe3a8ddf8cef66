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
      "ln -s python3.11 /usr/bin/python3",
      "# Bytecode that never looks at its source: no check at start-up, and the same bytes each time;",
      "# -B, or what compileall itself imports is written before it, with the time in it.",
      "python3 -B -m compileall -f -q --invalidation-mode unchecked-hash /usr/lib/python3.11 /opt/switchyard",
      "PYTHONPATH=/opt/switchyard python3 -B -c \"import controller.judging, controller.exposure, evidence.override, kopf, lightkube, prometheus_client, pythonjsonlogger\"",
    ]
  }
}
