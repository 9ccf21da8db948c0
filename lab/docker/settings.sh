# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the scripts that read this file
# Where the engine lives. Every script of docker/ reads this first.
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
STATE=${DOCKER_LAB:-/var/tmp/docker-lab}
CORP=${CORP_LAB:-/var/tmp/corp-lab}
SOCKET=$STATE/docker.sock
BRIDGE_ADDRESS=172.17.0.1

# shellcheck source=../lib/processes.sh
. "$HERE/../lib/processes.sh"
# shellcheck source=../lib/packages.sh
. "$HERE/../lib/packages.sh"
# shellcheck source=../lib/hosts.sh
. "$HERE/../lib/hosts.sh"
# shellcheck source=../lib/busybox.sh
. "$HERE/../lib/busybox.sh"

set -euo pipefail
umask 022
export DOCKER_HOST=unix://$SOCKET DOCKER_CONFIG=$STATE/client
