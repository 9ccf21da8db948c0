# shellcheck shell=bash
# A machine that is not this one: a network namespace at the other end of a virtual cable. Its address
# is not on loopback, so the proxy's rule about the host's own loopback does not apply to it.

join_far_machine() {
  ip netns list | grep -q "^$FAR_NAMESPACE\b" || ip netns add "$FAR_NAMESPACE"
  if ! ip link show corp-near >/dev/null 2>&1; then
    ip link add corp-near type veth peer name eth0 netns "$FAR_NAMESPACE"
  fi
  ip addr replace "$NEAR/24" dev corp-near
  ip link set corp-near up
  ip -n "$FAR_NAMESPACE" addr replace "$FAR/24" dev eth0
  ip -n "$FAR_NAMESPACE" link set eth0 up
  ip -n "$FAR_NAMESPACE" link set lo up
}

part_from_far_machine() {
  ! ip link show corp-near >/dev/null 2>&1 || ip link del corp-near
  ! ip netns list | grep -q "^$FAR_NAMESPACE\b" || ip netns del "$FAR_NAMESPACE"
}
