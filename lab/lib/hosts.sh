# shellcheck shell=bash
# Keeps one block of /etc/hosts per part of the laboratory.

# set_host_names PART <lines: replaces the block of PART by standard input.
set_host_names() {
  local wanted
  wanted=$(
    sed "/^# begin sallyport laboratory: $1\$/,/^# end sallyport laboratory: $1\$/d" /etc/hosts
    echo "# begin sallyport laboratory: $1"
    cat
    echo "# end sallyport laboratory: $1"
  )
  write_hosts "$wanted"
}

remove_host_names() {
  write_hosts "$(sed "/^# begin sallyport laboratory: $1\$/,/^# end sallyport laboratory: $1\$/d" /etc/hosts)"
}

# Written in place: in a container /etc/hosts is mounted and cannot be replaced.
write_hosts() {
  [ "$1" = "$(cat /etc/hosts)" ] || printf '%s\n' "$1" >/etc/hosts
}
