#!/bin/bash
# walled-registry.sh up|down: a registry that only a proxy reaches.
#
#   this machine --10.77.1.0/24-- lab-proxy (tinyproxy :3128; :3129 with Basic: bob / hunter2)
#                                   --10.77.2.0/24-- lab-registry (:443 TLS, :5000 plain; alice / s3cret)
#
# registry.corp.lab is 10.77.2.2, to which this machine has only an "unreachable" route.
. "$(dirname "$0")/settings.sh"
FOLDER=$STATE/walled
PROCESSES=(walled-registry-tls walled-registry-http walled-proxy-open walled-proxy-basic)

main() {
  case ${1:-up} in
    up)
      "$HERE/registry.sh" up >/dev/null # installs the registry and makes its password
      lock
      install_packages tinyproxy iproute2 openssl
      mkdir -p "$FOLDER"
      join_namespaces
      name_registry
      make_certificate
      start_registry tls "addr: \"10.77.2.2:443\", tls: {certificate: $FOLDER/server.pem, key: $FOLDER/server.key}"
      start_registry http 'addr: "10.77.2.2:5000"'
      start_proxy open 3128 ''
      start_proxy basic 3129 'BasicAuth bob hunter2'
      echo "proxies: http://10.77.1.2:3128, http://bob:hunter2@10.77.1.2:3129; registry: https://registry.corp.lab ($FOLDER/ca.pem)"
      ;;
    down)
      lock
      stop "${PROCESSES[@]}"
      part_namespaces
      remove_host_names walled
      ;;
    *)
      echo 'usage: walled-registry.sh up|down' >&2
      exit 2
      ;;
  esac
}

join_namespaces() {
  ip netns list | grep -q '^lab-registry\b' && return 0
  ip netns add lab-proxy
  ip netns add lab-registry
  ip link add lab-host type veth peer name left netns lab-proxy
  ip -n lab-proxy link add right type veth peer name eth0 netns lab-registry
  ip addr add 10.77.1.1/24 dev lab-host
  ip link set lab-host up
  ip -n lab-proxy addr add 10.77.1.2/24 dev left
  ip -n lab-proxy addr add 10.77.2.1/24 dev right
  ip -n lab-registry addr add 10.77.2.2/24 dev eth0
  for end in lab-proxy:lo lab-proxy:left lab-proxy:right lab-registry:lo lab-registry:eth0; do
    ip -n "${end%:*}" link set "${end#*:}" up
  done
  ip -n lab-proxy route add 172.16.0.0/12 via 10.77.1.1 # containers may use the proxy too
  ip route add unreachable 10.77.2.0/24
}

part_namespaces() {
  ip route del unreachable 10.77.2.0/24 2>/dev/null || true
  ip link del lab-host 2>/dev/null || true
  ip netns del lab-proxy 2>/dev/null || true
  ip netns del lab-registry 2>/dev/null || true
  rm -rf /etc/netns/lab-proxy
  rmdir --ignore-fail-on-non-empty /etc/netns 2>/dev/null || true
}

# The proxy's own resolver is a hosts file and no server.
name_registry() {
  set_host_names walled <<<'10.77.2.2 registry.corp.lab'
  mkdir -p /etc/netns/lab-proxy
  printf '127.0.0.1 localhost\n10.77.2.2 registry.corp.lab\n' >/etc/netns/lab-proxy/hosts
  : >/etc/netns/lab-proxy/resolv.conf
}

make_certificate() {
  [ -s "$FOLDER/server.pem" ] && return 0
  {
    openssl req -x509 -newkey rsa:2048 -nodes -days 800 -subj '/CN=Lab CA' -keyout "$FOLDER/ca.key" -out "$FOLDER/ca.pem"
    openssl req -newkey rsa:2048 -nodes -subj '/CN=registry.corp.lab' -keyout "$FOLDER/server.key" -out "$FOLDER/server.csr"
    openssl x509 -req -in "$FOLDER/server.csr" -CA "$FOLDER/ca.pem" -CAkey "$FOLDER/ca.key" -CAcreateserial -days 800 \
      -extfile <(echo 'subjectAltName=DNS:registry.corp.lab,IP:10.77.2.2') -out "$FOLDER/server.pem"
  } 2>>"$STATE/logs/certificates.out"
}

# start_registry NAME LISTENER
start_registry() {
  local file=$FOLDER/$1.yml
  cat >"$file" <<END
version: 0.1
log: {level: info}
storage: {filesystem: {rootdirectory: $STATE/registry}, delete: {enabled: true}}
http: {$2}
auth: {htpasswd: {realm: lab, path: $STATE/registry.htpasswd}}
END
  start "walled-registry-$1" "$file" -- ip netns exec lab-registry docker-registry serve "$file"
}

# start_proxy NAME PORT SIGN-IN
start_proxy() {
  local file=$FOLDER/$1.conf
  printf '%s\n' "Port $2" 'Listen 10.77.1.2' 'Timeout 60' 'MaxClients 50' "LogFile \"$FOLDER/$1.log\"" \
    'LogLevel Info' 'ConnectPort 443' 'ConnectPort 5000' 'User root' 'Group root' "$3" >"$file"
  start "walled-proxy-$1" "$file" -- ip netns exec lab-proxy tinyproxy -d -c "$file"
  wait_until "walled-proxy-$1" 10 port_open 10.77.1.2 "$2"
}

main "$@"
