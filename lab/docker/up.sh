#!/bin/bash
# up.sh [IMAGE...]: brings up the engine with these images (images.sh), busybox when none is named.
HERE=$(cd "$(dirname "$0")" && pwd)
"$HERE/engine.sh" start && "$HERE/images.sh" "$@"
