#!/bin/bash
# down.sh [--forget]: stops the whole laboratory and takes back what it changed on this machine. What it
# made (domains, images, content) stays for the next time; --forget removes that too.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
"$HERE/docker/down.sh" "$@"
"$HERE/corp/down.sh" "$@"
