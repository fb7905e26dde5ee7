#!/usr/bin/env bash
# build-image.sh SERVICE [options of docker buildx build]: builds the image of a service as compose.yaml does.
set -euo pipefail
service=$1
shift
case $service in
  api-gateway) build=(--file Dockerfile.api) ;;
  *) build=(--file Dockerfile.worker --build-arg "SERVICE=$service") ;;
esac
exec docker buildx build "${build[@]}" "$@" .
