#!/bin/bash
# up.sh [PART...]: brings up the laboratory on this machine (Debian, as root). Parts, both when none is
# named:
#   corp              the company's network
#   docker[:IMAGE,…]  the engine, with these images (docker/images.sh); busybox when none is named
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- corp docker

if [ "$(id -u)" != 0 ] || [ ! -e /etc/debian_version ]; then
  echo "The laboratory needs Debian and root: it installs packages, and adds addresses and host names." >&2
  exit 1
fi
for part in "$@"; do
  case $part in
    corp) "$HERE/corp/up.sh" ;;
    docker) "$HERE/docker/up.sh" ;;
    docker:*)
      IFS=, read -ra images <<<"${part#docker:}"
      "$HERE/docker/up.sh" "${images[@]}"
      ;;
    *)
      echo "The laboratory has no part \"$part\": corp, docker, docker:busybox,debian." >&2
      exit 2
      ;;
  esac
done
