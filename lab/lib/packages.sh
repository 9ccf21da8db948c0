# shellcheck shell=bash
# Installs Debian packages without letting them start their services.

readonly SERVICE_POLICY=/usr/sbin/policy-rc.d
readonly SERVICE_POLICY_MARK='# made by the laboratory of Sallyport: may be removed'

# install_packages NAME...: installs what is missing; says nothing when nothing is.
install_packages() {
  local name missing=()
  remove_service_policy # left over from a run that was killed
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "installing ${missing[*]}" >&2
  forbid_service_starts
  if apt_get update -qq && apt_get install -y --no-install-recommends "${missing[@]}"; then
    remove_service_policy
  else
    remove_service_policy
    echo "apt-get could not install ${missing[*]}; the end of its output:" >&2
    tail -n 20 "$STATE/logs/apt.log" >&2
    return 1
  fi
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@" \
    </dev/null >>"$STATE/logs/apt.log" 2>&1 9>&-
}

# Debian's packages ask this program whether they may start a service; 101 means no. One that is there
# already belongs to the machine (container images have one) and stays.
forbid_service_starts() {
  [ -e "$SERVICE_POLICY" ] && return 0
  printf '#!/bin/sh\n%s\nexit 101\n' "$SERVICE_POLICY_MARK" >"$SERVICE_POLICY"
  chmod 755 "$SERVICE_POLICY"
}

remove_service_policy() {
  ! grep -qsxF "$SERVICE_POLICY_MARK" "$SERVICE_POLICY" || rm -f "$SERVICE_POLICY"
}
