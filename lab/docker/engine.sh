#!/bin/bash
# engine.sh [start|stop|restart|status]: Debian's Docker engine, started by hand (no systemd needed).
# Its last line is DOCKER_HOST=...: export "$(engine.sh | tail -n 1)"
#
# `start` with other settings than those it runs with restarts it. Settings, by environment variable:
#   DOCKERD_PROXY=http://host:port  the daemon's HTTP_PROXY and HTTPS_PROXY. Default: a dead port on
#                                   loopback, so that no pull leaves this machine
#   DOCKERD_NO_PROXY=a,b            default: localhost,127.0.0.1
#   DOCKERD_STORAGE=overlay2        or vfs, fuse-overlayfs
#   DOCKERD_ARGS='...'              more options for dockerd
. "$(dirname "$0")/settings.sh"
. "$HERE/isolation.sh"

main() {
  lock
  case ${1:-start} in
    start) start_engine ;;
    stop) stop_engine ;;
    restart)
      stop_engine
      start_engine
      ;;
    status) say_status ;;
    *)
      echo 'usage: engine.sh [start|stop|restart|status]' >&2
      exit 2
      ;;
  esac
}

start_engine() {
  install_packages docker.io containerd runc iptables dnsmasq-base curl iproute2 busybox-static
  mkdir -p "$STATE/bin" "$DOCKER_CONFIG"
  install -m 755 "$HERE/runc-wrapper" "$STATE/bin/runc"
  fill_etc_docker
  keep_forwarding_policy
  start_daemon
  keep_containers_inside
  start_resolver
  say_status
}

stop_engine() {
  stop resolver dockerd
  clear_etc_docker
}

start_daemon() {
  local proxy=${DOCKERD_PROXY-http://127.0.0.1:9} no_proxy_list=${DOCKERD_NO_PROXY-localhost,127.0.0.1}
  local variables=("PATH=$STATE/bin:/usr/sbin:/usr/bin:/sbin:/bin")
  [ -z "$proxy" ] || variables+=("HTTP_PROXY=$proxy" "HTTPS_PROXY=$proxy")
  [ -z "$no_proxy_list" ] || variables+=("NO_PROXY=$no_proxy_list")
  # Of a daemon that was killed: a new one would take a stranger with that number for its elder.
  running dockerd || rm -f "$STATE/run/dockerd.pid"
  # shellcheck disable=SC2086 # more options are meant to be split
  start dockerd -- env -i "${variables[@]}" /usr/sbin/dockerd \
    --data-root "$STATE/data" --exec-root "$STATE/exec" --pidfile "$STATE/run/dockerd.pid" \
    --storage-driver "${DOCKERD_STORAGE:-overlay2}" --host "unix://$SOCKET" \
    --bip "$BRIDGE_ADDRESS/16" --dns "$BRIDGE_ADDRESS" --shutdown-timeout 5 ${DOCKERD_ARGS:-}
  wait_until dockerd 30 curl -fsS --unix-socket "$SOCKET" http://engine/_ping
}

# A resolver for containers that asks nobody: names from dns.hosts (read again on SIGHUP), and "no such
# name" for all others at once. Without it an unknown name costs a container 20 seconds.
start_resolver() {
  [ -e "$STATE/dns.hosts" ] || echo "$BRIDGE_ADDRESS host.docker.internal" >"$STATE/dns.hosts"
  start resolver -- dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts \
    --addn-hosts="$STATE/dns.hosts" --local=/#/ --listen-address="$BRIDGE_ADDRESS" --bind-interfaces \
    --except-interface=lo --no-dhcp-interface=docker0 --user=root --pid-file= \
    --log-facility="$STATE/logs/resolver.log"
}

# What dockerd reads in /etc/docker: the company's authority, for its registry only.
fill_etc_docker() {
  [ -e /etc/docker/key.json ] || touch "$STATE/run/key-is-ours"
  [ -s "$CORP/etc/ca.pem" ] || return 0
  mkdir -p /etc/docker/certs.d/registry.corp.test
  cp "$CORP/etc/ca.pem" /etc/docker/certs.d/registry.corp.test/ca.crt
}

clear_etc_docker() {
  rm -f /etc/docker/certs.d/registry.corp.test/ca.crt
  # dockerd makes itself this key, at a fixed place.
  if [ -e "$STATE/run/key-is-ours" ]; then rm -f /etc/docker/key.json "$STATE/run/key-is-ours"; fi
  rmdir --ignore-fail-on-non-empty -p /etc/docker/certs.d/registry.corp.test 2>/dev/null || true
}

say_status() {
  local name
  for name in dockerd resolver; do
    if running "$name"; then echo "# $name $(process_id "$name")"; else echo "# $name does not run"; fi
  done
  echo "DOCKER_HOST=unix://$SOCKET"
}

main "$@"
