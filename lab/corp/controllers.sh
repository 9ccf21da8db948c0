# shellcheck shell=bash
# The domain controllers. Each runs in a mount namespace of its own, because Samba's helpers look for
# winbind's socket at the one fixed place /run/samba.

start_controllers() {
  local one provisioning=() pid
  for one in "${CONTROLLERS[@]}"; do
    # shellcheck disable=SC2086 # a row is meant to be split
    provision_when_due $one 9>&- &
    provisioning+=($!)
  done
  for pid in "${provisioning[@]}"; do wait "$pid"; done
  mkdir -p /run/samba
  for one in "${CONTROLLERS[@]}"; do
    # shellcheck disable=SC2086
    start_controller $one
  done
  for one in "${CONTROLLERS[@]}"; do
    # shellcheck disable=SC2086
    await_controller $one
  done
  # The helpers of Squid run as the user proxy and ask winbind through its privileged socket.
  id -nG proxy | grep -qw winbindd_priv || usermod -aG winbindd_priv proxy
}

# A change of how a domain is made makes it anew.
provision_when_due() {
  local name=$1 made=$STATE/$1/made-by digest
  digest=$({
    echo "$@" "${ACCOUNTS[@]}"
    cat "$HERE/provision.sh" "$HERE/accounts.py"
  } | sha256sum)
  [ "$digest" != "$(cat "$made" 2>/dev/null)" ] || return 0
  stop "$name"
  rm -rf "${STATE:?}/$name"
  "$HERE/provision.sh" "$@"
  echo "$digest" >"$made"
}

start_controller() {
  local name=$1 folder=$STATE/$1
  mkdir -p "$folder/run-samba"
  # The log is counted (failed-logons.sh): it starts anew with the controller and is never rotated.
  running "$name" || rm -rf "$folder/log"
  mkdir -p "$folder/log"
  # shellcheck disable=SC2016 # the inner shell fills in its own arguments
  start "$name" "$folder/etc/smb.conf" -- unshare --mount --propagation private \
    bash -c 'mount --bind "$1" /run/samba && exec samba --foreground --no-process-group --configfile="$2"' \
    samba "$folder/run-samba" "$folder/etc/smb.conf"
}

await_controller() {
  local name=$1 address=$4 socket_folder=$STATE/$1/state/winbindd_privileged
  wait_until "$name" 30 port_open "$address" 88
  wait_until "$name" 30 port_open "$address" 389
  wait_until "$name" 30 test -S "$socket_folder/pipe"
  chgrp winbindd_priv "$socket_folder"
  chmod 750 "$socket_folder"
  chmod 755 "$STATE/$name" "$STATE/$name/state"
}
