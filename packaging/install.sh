#!/bin/sh
# Installs Sallyport from the folder this script is in. Needs a shell and root, nothing else.
#
#   ./install.sh              installs, or updates what is installed
#   ./install.sh --uninstall  takes it away again; /etc/sallyport and /var/lib/sallyport stay
#
# DESTDIR=/some/root installs into a tree instead of the running system.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=${DESTDIR:-}
list=$root/usr/lib/sallyport/installed

main() {
  case ${1:-} in
    '') install_all ;;
    --uninstall) uninstall_all ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0" ;;
    *)
      echo "install.sh: there is no option $1" >&2
      exit 2
      ;;
  esac
}

install_all() {
  [ -d "$here/usr" ] || fail "the folder usr is not beside this script: unpack the whole archive"
  [ -n "$root" ] || [ "$(id -u)" = 0 ] || fail "installing into /usr needs root: run it with sudo"
  "$here/usr/lib/sallyport/node" --version >/dev/null 2>&1 ||
    fail "the Node.js in this archive does not run here: it is for another processor, or glibc is older than 2.28"
  (cd "$here" && find usr ! -type d) | sort >"$here/installed.new"
  if [ -f "$list" ]; then remove_what_went; fi
  while read -r file; do
    mkdir -p "$root/$(dirname "$file")"
    # Beside it and renamed: a program that runs keeps its old file.
    cp -P "$here/$file" "$root/$file.new"
    mv -f "$root/$file.new" "$root/$file"
  done <"$here/installed.new"
  mv "$here/installed.new" "$list"
  [ -d "$root/etc/sallyport" ] || mkdir -p -m 755 "$root/etc/sallyport"
  tell_systemd
  echo "Sallyport is installed. Next: sallyport detect --parent http://HOST:PORT --username USER --domain DOMAIN"
}

uninstall_all() {
  [ -f "$list" ] || fail "Sallyport was not installed by this script"
  if [ -z "$root" ] && command -v systemctl >/dev/null 2>&1; then
    systemctl disable --now sallyport.service 2>/dev/null || :
  fi
  while read -r file; do rm -f "$root/$file"; done <"$list"
  rm -rf "$root/usr/lib/sallyport" "$root/usr/share/doc/sallyport"
  tell_systemd
  echo "Sallyport is gone. Its configuration in /etc/sallyport and its state in /var/lib/sallyport are still there."
}

# Files of an older version that the new one does not have.
remove_what_went() {
  while read -r file; do
    grep -qxF "$file" "$here/installed.new" || rm -f "$root/$file"
  done <"$list"
}

tell_systemd() {
  [ -z "$root" ] && [ -d /run/systemd/system ] || return 0
  systemctl daemon-reload
}

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

main "$@"
