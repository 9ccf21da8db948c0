# shellcheck shell=bash
# An image registry without a password; nginx is in front of it with TLS and with the search of the
# old protocol, which `docker search` uses (nginx/servers.conf).

start_registry() {
  mkdir -p "$STATE/registry"
  cat >"$STATE/etc/registry.yml" <<END
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $STATE/registry}, delete: {enabled: true}}
http: {addr: "$REGISTRY:5000", relativeurls: true}
END
  start registry "$STATE/etc/registry.yml" -- docker-registry serve "$STATE/etc/registry.yml"
}

# Puts busybox there: one layer of Debian's busybox-static, pushed with curl, so that no engine is needed.
fill_registry() {
  local api=http://$REGISTRY:5000/v2/busybox folder layer config
  wait_until registry 10 curl -fsS --noproxy '*' "http://$REGISTRY:5000/v2/"
  curl -fs --noproxy '*' -o /dev/null "$api/manifests/latest" -H "Accept: $MANIFEST_TYPE" && return 0
  folder=$(mktemp -d "$STATE/run/push.XXXXXX")
  make_busybox_layer "$folder/layer.tar"
  gzip -n -k "$folder/layer.tar"
  layer=$(push_blob "$api" "$folder/layer.tar.gz")
  cat >"$folder/config.json" <<END
{"architecture":"$(dpkg --print-architecture)","os":"linux","config":{"Cmd":["sh"],"Env":["PATH=/bin"]},
"rootfs":{"type":"layers","diff_ids":["$(digest "$folder/layer.tar")"]}}
END
  config=$(push_blob "$api" "$folder/config.json")
  cat >"$folder/manifest.json" <<END
{"schemaVersion":2,"mediaType":"$MANIFEST_TYPE",
"config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":$(size "$folder/config.json"),"digest":"$config"},
"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":$(size "$folder/layer.tar.gz"),"digest":"$layer"}]}
END
  curl -fsS --noproxy '*' -X PUT -H "Content-Type: $MANIFEST_TYPE" --data-binary "@$folder/manifest.json" "$api/manifests/latest"
  rm -rf "$folder"
}

readonly MANIFEST_TYPE=application/vnd.docker.distribution.manifest.v2+json

# push_blob API FILE: uploads in one piece, prints the digest.
push_blob() {
  local place hash
  hash=$(digest "$2")
  place=$(curl -fsS --noproxy '*' -X POST -o /dev/null -w '%header{location}' "$1/blobs/uploads/")
  [[ $place == http* ]] || place=http://$REGISTRY:5000$place
  curl -fsS --noproxy '*' -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$2" "$place&digest=$hash"
  echo "$hash"
}

digest() {
  echo "sha256:$(sha256sum "$1" | cut -d' ' -f1)"
}

size() {
  stat -c %s "$1"
}
