#!/bin/bash
# Stops the engine and takes back what it changed on this machine. Images stay in the state folder;
# `down.sh --forget` removes them too.
. "$(dirname "$0")/settings.sh"
"$HERE/walled-registry.sh" down
"$HERE/registry.sh" down
"$HERE/engine.sh" stop
. "$HERE/isolation.sh"
lock
open_machine
! ip link show docker0 >/dev/null 2>&1 || ip link del docker0
remove_service_policy
[ "${1:-}" != --forget ] || rm -rf "$STATE"
