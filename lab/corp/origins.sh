# shellcheck shell=bash
# What is fetched through the proxies: nginx for ordinary things here and on the far machine, and a
# small program for odd answers.

start_origins() {
  local name
  make_content
  for name in servers far-servers; do
    fill_template "$name.conf" "$name.conf"
  done
  fill_template locations.conf origin-locations.conf
  start_nginx nginx servers.conf
  start_nginx nginx-far far-servers.conf ip netns exec "$FAR_NAMESPACE"
  start probe "$HERE/origin.mjs" -- "$(command -v node)" "$HERE/origin.mjs" "$PROBE"
  wait_until nginx 10 port_open "$ORIGIN" 443
  wait_until nginx-far 10 port_open "$FAR" 443
  wait_until probe 10 port_open "$PROBE" 7001
}

make_content() {
  echo 'hello from origin' >"$STATE/www/index.html"
  head -c 1024 /dev/zero | tr '\0' x >"$STATE/www/1k"
  [ -s "$STATE/www/1g.bin" ] || truncate -s 1G "$STATE/www/1g.bin"
  [ -s "$STATE/www/64m.bin" ] || head -c 67108864 /dev/urandom >"$STATE/www/64m.bin"
}

# start_nginx NAME SERVERS [PREFIX...]
start_nginx() {
  local name=$1 servers=$STATE/etc/$2 file=$STATE/etc/$1.conf
  shift 2
  sed -e "s#@NAME@#$name#g; s#@STATE@#$STATE#g; s#@SERVERS@#$servers#g" "$HERE/nginx/nginx.conf" >"$file"
  start "$name" "$file" "$servers" "$STATE/etc/origin-locations.conf" "$STATE"/etc/{origin,registry,git,far}.pem -- \
    "$@" nginx -c "$file" -e "$STATE/logs/$name.error"
}

fill_template() {
  sed -e "s#@STATE@#$STATE#g; s#@ORIGIN@#$ORIGIN#g; s#@REGISTRY@#$REGISTRY#g; s#@GIT@#$GIT#g; s#@FAR@#$FAR#g" \
    "$HERE/nginx/$1" >"$STATE/etc/$2"
}
