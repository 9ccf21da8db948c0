# shellcheck shell=bash
# Containers reach this machine and one another, and nothing else: neither the internet nor the
# company's far machine. Who wants out needs the proxy.

keep_containers_inside() {
  local interface
  for interface in $(outward_interfaces); do
    iptables -w -C DOCKER-USER -o "$interface" -j REJECT 2>/dev/null ||
      iptables -w -I DOCKER-USER -o "$interface" -j REJECT
  done
}

# With forwarding on already, dockerd leaves the policy of FORWARD alone. Else it would set DROP, which
# would cut every other bridge on this machine.
keep_forwarding_policy() {
  [ -e "$STATE/run/ip_forward" ] || cat /proc/sys/net/ipv4/ip_forward >"$STATE/run/ip_forward"
  echo 1 >/proc/sys/net/ipv4/ip_forward
}

open_machine() {
  local interface
  for interface in $(outward_interfaces); do
    while iptables -w -D DOCKER-USER -o "$interface" -j REJECT 2>/dev/null; do :; done
  done
  if [ -e "$STATE/run/ip_forward" ]; then
    cat "$STATE/run/ip_forward" >/proc/sys/net/ipv4/ip_forward
    rm "$STATE/run/ip_forward"
  fi
}

outward_interfaces() {
  ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | sort -u
  echo corp-near
}
