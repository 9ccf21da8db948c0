# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the scripts that read this file
# Where the company's network lives, and its names and addresses. Every script of corp/ reads this first.
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Short, because the paths of Samba's Unix sockets below it have a limit of 107 bytes.
STATE=${CORP_LAB:-/var/tmp/corp-lab}

# Domain controllers: NAME REALM DOMAIN ADDRESS and what Samba calls `ntlm auth`.
CONTROLLERS=(
  "dc1 CORP.TEST   CORP   127.0.10.1 ntlmv2-only"
  "dc2 LEGACY.TEST LEGACY 127.0.11.1 ntlmv1-permitted"
)
# The same people in both domains, NAME:PASSWORD; names and passwords in and outside ASCII.
ACCOUNTS=('testuser:S3cret-pass' 'uniuser:Pä55wörd-ñ€' 'jürgen:Grüße-1234' 'other:0ther-Pass!')

ORIGIN=127.0.10.80   # nginx, http and https
PROBE=127.0.10.81    # an origin with odd answers, and two raw TCP services
REGISTRY=127.0.10.90 # an image registry behind TLS
GIT=127.0.10.91      # a git server
# A machine that is not this one: a network namespace. NEAR is this machine's end of the cable.
FAR_NAMESPACE=corp-far
NEAR=10.77.3.1
FAR=10.77.3.2

# Only what belongs to the laboratory may be fetched through its proxies.
REACHABLE="127.0.0.0/8 $NEAR/24"

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
