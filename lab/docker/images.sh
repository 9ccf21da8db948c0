#!/bin/bash
# images.sh [--rebuild] [IMAGE...]: makes images without any registry, from Debian's packages alone.
#   busybox         busybox-static (the default)
#   debian          minbase with git, curl, ca-certificates, iproute2, procps (tag bookworm)
#   dind            docker:dind and docker:latest: debian with an engine, with the official image's
#                   entry points: DOCKER_TLS_CERTDIR, 2376 with TLS, 2375 without
#   debian-systemd  debian with systemd as process 1 and docker.service as a real unit
. "$(dirname "$0")/settings.sh"

main() {
  local rebuild='' name
  if [ "${1:-}" = --rebuild ]; then
    rebuild=yes
    shift
  fi
  [ $# -gt 0 ] || set -- busybox
  lock
  for name in "$@"; do make "$name" "$rebuild"; done
}

make() {
  local name=$1 rebuild=$2 tag
  case $name in
    busybox) tag=busybox:latest ;;
    debian) tag=debian:bookworm ;;
    dind) tag=docker:dind ;;
    debian-systemd) tag=debian-systemd:latest ;;
    *)
      echo "there is no image $name: busybox, debian, dind, debian-systemd" >&2
      exit 2
      ;;
  esac
  [ -n "$rebuild" ] || ! docker image inspect "$tag" >/dev/null 2>&1 || return 0
  case $name in dind | debian-systemd) make debian '' ;; esac
  echo "making the image $tag" >&2
  "make_${name//-/_}"
}

make_busybox() {
  install_packages busybox-static
  make_busybox_layer "$STATE/run/busybox.tar"
  docker import -c 'CMD ["sh"]' -c 'ENV PATH=/bin' "$STATE/run/busybox.tar" busybox:latest >/dev/null
  rm "$STATE/run/busybox.tar"
}

make_debian() {
  local root=$STATE/run/bookworm
  install_packages debootstrap
  rm -rf "$root"
  mkdir -p "$STATE/cache"
  debootstrap --variant=minbase --cache-dir="$STATE/cache" --include=git,curl,ca-certificates,iproute2,procps \
    bookworm "$root" "$(debian_mirror)" >"$STATE/logs/debootstrap.out" 2>&1 || {
    tail -n 20 "$STATE/logs/debootstrap.out" >&2
    return 1
  }
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  : >"$root/etc/resolv.conf"
  echo debian >"$root/etc/hostname"
  tar -C "$root" -c . | docker import -c 'CMD ["bash"]' - debian:bookworm >/dev/null
  rm -rf "$root"
}

# The one that this machine's own apt uses.
debian_mirror() {
  sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null | grep -m1 /debian
}

make_dind() {
  local context=$STATE/run/dind
  copy_context dind "$context"
  cp "$(command -v docker)" "$context/docker"
  build docker:dind "$context"
  build docker:latest "$context" --file "$context/client.Dockerfile"
  rm -rf "$context"
}

make_debian_systemd() {
  local context=$STATE/run/debian-systemd
  copy_context debian-systemd "$context"
  build debian-systemd:latest "$context"
  rm -rf "$context"
}

copy_context() {
  rm -rf "$2"
  cp -r "$HERE/images/$1" "$2"
  cp "$HERE/runc-wrapper" "$2/runc-wrapper"
}

# build TAG CONTEXT [OPTION...]: on this machine's network and with its resolver, for apt-get's sake;
# the classic builder, because Debian's engine has no buildx.
build() {
  local tag=$1 context=$2
  shift 2
  DOCKER_BUILDKIT=0 docker build --network host --build-arg "RESOLV=$(grep ^nameserver /etc/resolv.conf)" \
    -t "$tag" "$@" "$context" >"$STATE/logs/build-${tag//[:\/]/-}.out" 2>&1 || {
    tail -n 20 "$STATE/logs/build-${tag//[:\/]/-}.out" >&2
    return 1
  }
}

main "$@"
