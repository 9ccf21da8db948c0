# shellcheck shell=bash
# The company's own certificate authority (etc/ca.pem) and a certificate for each of its servers.

make_certificates() {
  make_authority
  make_certificate origin "DNS:origin.corp.test,DNS:origin,DNS:localhost,IP:127.0.0.1,IP:$ORIGIN"
  make_certificate registry "DNS:registry.corp.test,IP:$REGISTRY"
  make_certificate git "DNS:git.corp.test,IP:$GIT"
  make_certificate far "DNS:far.corp.test,IP:$FAR"
}

make_authority() {
  [ -s "$STATE/etc/ca.pem" ] && return 0
  rm -f "$STATE"/etc/*.pem # signed by an authority that is gone
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=Corp Test CA' \
    -keyout "$STATE/etc/ca.key" -out "$STATE/etc/ca.pem.new" 2>>"$STATE/logs/certificates.out"
  mv "$STATE/etc/ca.pem.new" "$STATE/etc/ca.pem"
}

# make_certificate NAME SUBJECT-ALTERNATIVE-NAMES
make_certificate() {
  local file=$STATE/etc/$1
  [ -s "$file.pem" ] && return 0
  {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1.corp.test" \
      -keyout "$file.key" -out "$file.csr"
    openssl x509 -req -in "$file.csr" -CA "$STATE/etc/ca.pem" -CAkey "$STATE/etc/ca.key" -CAcreateserial \
      -days 3650 -extfile <(echo "subjectAltName=$2") -out "$file.pem.new"
  } 2>>"$STATE/logs/certificates.out"
  mv "$file.pem.new" "$file.pem"
  rm "$file.csr"
}
