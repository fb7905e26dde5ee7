#!/usr/bin/env bash
# build-image.sh SERVICE [options of docker buildx build]: builds a service's image like compose.yaml, from the root.
set -euo pipefail
service=$1
shift
case $service in
  api-gateway) build=(--file Dockerfile.api) ;;
  *) build=(--file Dockerfile.worker --build-arg "SERVICE=$service") ;;
esac
exec docker buildx build "${build[@]}" "$@" .
