#!/bin/bash
# registry.sh up|down: a registry with a password (alice / s3cret) on http://127.0.0.1:5000. The engine
# trusts 127.0.0.0/8 without TLS.
. "$(dirname "$0")/settings.sh"
lock
case ${1:-up} in
  up)
    install_packages docker-registry apache2-utils curl
    mkdir -p "$STATE/registry"
    # bcrypt: the registry takes nothing else
    [ -s "$STATE/registry.htpasswd" ] || htpasswd -Bbn alice s3cret >"$STATE/registry.htpasswd"
    cat >"$STATE/registry.yml" <<END
version: 0.1
log: {level: info}
storage: {filesystem: {rootdirectory: $STATE/registry}, delete: {enabled: true}}
http: {addr: "127.0.0.1:5000", relativeurls: true}
auth: {htpasswd: {realm: lab, path: $STATE/registry.htpasswd}}
END
    start registry "$STATE/registry.yml" -- docker-registry serve "$STATE/registry.yml"
    wait_until registry 10 port_open 127.0.0.1 5000
    echo 'registry: http://127.0.0.1:5000, alice / s3cret'
    ;;
  down) stop registry ;;
  *)
    echo 'usage: registry.sh up|down' >&2
    exit 2
    ;;
esac
