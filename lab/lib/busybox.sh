# shellcheck shell=bash
# The smallest image: Debian's busybox-static and a link for each of its commands.

# make_busybox_layer TAR-FILE: the same bytes each time, so that digests stay.
make_busybox_layer() {
  local root applet
  root=$(mktemp -d "$STATE/run/busybox.XXXXXX")
  chmod 755 "$root"
  mkdir -p "$root"/{bin,dev,etc,proc,root,sys,usr,var}
  install -d -m 1777 "$root/tmp"
  cp /bin/busybox "$root/bin/busybox"
  for applet in $(/bin/busybox --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
  done
  ln -s ../bin "$root/usr/bin"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
  tar -C "$root" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf "$1" .
  rm -rf "$root"
}
