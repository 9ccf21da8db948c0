#!/bin/sh
# Stands in for the official docker:dind entry point: the same variables, ports and paths.
#   DOCKER_TLS_CERTDIR=/certs (default): makes ca, server and client there, listens on 2376 with TLS
#   DOCKER_TLS_CERTDIR=''              : listens on 2375 without
set -eu

subject_names() {
  {
    ip -oneline address | awk '{ gsub(/\/.+$/, "", $4); print "IP:" $4 }'
    echo "DNS:$(hostname)"
    echo DNS:docker
    echo DNS:localhost
    [ -z "${DOCKER_TLS_SAN:-}" ] || echo "$DOCKER_TLS_SAN"
  } | sort -u | paste -sd, -
}

make_certificates() {
  folder=$1
  mkdir -p "$folder/ca" "$folder/server" "$folder/client"
  [ -s "$folder/ca/key.pem" ] || openssl genrsa -out "$folder/ca/key.pem" 2048 2>/dev/null
  [ -s "$folder/ca/cert.pem" ] || openssl req -new -key "$folder/ca/key.pem" \
    -out "$folder/ca/cert.pem" -subj '/CN=docker:dind CA' -x509 -days 825
  for side in server client; do
    [ -s "$folder/$side/key.pem" ] || openssl genrsa -out "$folder/$side/key.pem" 2048 2>/dev/null
    openssl req -new -key "$folder/$side/key.pem" -out "$folder/$side/csr.pem" -subj "/CN=docker:dind $side"
    if [ $side = server ]; then
      printf '[x]\nsubjectAltName = %s\n' "$(subject_names)" > "$folder/$side/ext.cnf"
    else
      printf '[x]\nextendedKeyUsage = clientAuth\n' > "$folder/$side/ext.cnf"
    fi
    openssl x509 -req -in "$folder/$side/csr.pem" -CA "$folder/ca/cert.pem" -CAkey "$folder/ca/key.pem" \
      -CAcreateserial -out "$folder/$side/cert.pem" -days 825 -extfile "$folder/$side/ext.cnf" \
      -extensions x 2>/dev/null
    cp "$folder/ca/cert.pem" "$folder/$side/ca.pem"
  done
  chmod -R a+rX "$folder/client"
}

if [ "$#" -eq 0 ] || [ "${1#-}" != "$1" ]; then
  socket=unix:///var/run/docker.sock
  if [ -n "${DOCKER_TLS_CERTDIR:-}" ]; then
    make_certificates "$DOCKER_TLS_CERTDIR"
    server=$DOCKER_TLS_CERTDIR/server
    set -- dockerd --host=$socket --host=tcp://0.0.0.0:2376 --tlsverify \
      --tlscacert "$server/ca.pem" --tlscert "$server/cert.pem" --tlskey "$server/key.pem" "$@"
  else
    set -- dockerd --host=$socket --host=tcp://0.0.0.0:2375 --tls=false "$@"
  fi
fi
if [ "$1" = dockerd ]; then
  find /run /var/run -iname 'docker*.pid' -delete 2>/dev/null || :
  export PATH=/opt/lab/bin:"$PATH" # the wrapper of runc
  set -- docker-init -- "$@"
fi
exec "$@"
