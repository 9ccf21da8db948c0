# shellcheck shell=bash
# Starts, recognises and stops processes. Needs STATE: the folder with run/ and logs/.
#
# run/NAME.process holds "PID START-TIME". A process id that was given to somebody else has another
# start time, so nothing foreign is ever taken for ours or signalled.
# run/NAME.configuration holds a digest of the command and its files, to see when a restart is due.

# The start time of a process in clock ticks (field 22 of /proc/PID/stat); nothing for one that ended,
# also where nobody has collected its status yet.
start_time() {
  awk '{ sub(/^.*\) /, ""); if ($1 != "Z" && $1 != "X") print $20 }' "/proc/$1/stat" 2>/dev/null
}

# running NAME: true while the very process that was recorded still runs.
running() {
  local pid since
  [ -s "$STATE/run/$1.process" ] || return 1
  read -r pid since <"$STATE/run/$1.process"
  [ -n "$since" ] && [ "$(start_time "$pid")" = "$since" ]
}

process_id() {
  cut -d' ' -f1 "$STATE/run/$1.process"
}

# record NAME PID: remembers a process that something else started.
record() {
  echo "$2 $(start_time "$2")" >"$STATE/run/$1.process"
}

# start NAME [FILE...] -- COMMAND...: starts what does not run; restarts it when the command or one of
# the FILEs (its configuration) differs from what it was started with.
start() {
  local name=$1 files=() digest
  shift
  while [ "$1" != -- ]; do
    files+=("$1")
    shift
  done
  shift
  digest=$({
    printf '%s\n' "$@"
    cat ${files[@]+"${files[@]}"}
  } | sha256sum)
  if running "$name"; then
    [ "$digest" = "$(cat "$STATE/run/$name.configuration" 2>/dev/null)" ] && return 0
    stop "$name"
  fi
  (
    ulimit -n "$(ulimit -Hn)"
    cd "$STATE" || exit 1
    # A session of its own: a Ctrl-C at the terminal is not for it. Descriptor 9 is the caller's lock.
    exec setsid "$@" </dev/null >>"$STATE/logs/$name.out" 2>&1 9>&-
  ) &
  record "$name" $!
  echo "$digest" >"$STATE/run/$name.configuration"
}

# stop NAME...: SIGTERM to all, again after a second (cntlm wants two while a tunnel is open), SIGKILL
# after ten; then SIGTERM to what they left behind in their process groups (fcgiwrap leaves its workers).
stop() {
  local name tenth left groups=()
  for name in "$@"; do
    ! running "$name" || groups+=("$(process_id "$name")")
  done
  for tenth in $(seq 0 110); do
    left=()
    for name in "$@"; do
      running "$name" || continue
      left+=("$name")
      case $tenth in
        0 | 10) kill -TERM "$(process_id "$name")" ;;
        100)
          echo "$name did not end in ten seconds: killed" >&2
          kill -KILL "$(process_id "$name")"
          ;;
      esac
    done
    [ ${#left[@]} -gt 0 ] || break
    sleep 0.1
  done
  for name in ${groups[@]+"${groups[@]}"}; do
    kill -TERM -- "-$name" 2>/dev/null || true
  done
  for name in "$@"; do
    rm -f "$STATE/run/$name.process" "$STATE/run/$name.configuration"
  done
}

# recorded: the names of all that was started and not stopped.
recorded() {
  local file
  for file in "$STATE"/run/*.process; do
    [ -e "$file" ] && basename "$file" .process
  done
}

# wait_until NAME SECONDS COMMAND...: until COMMAND succeeds; fails at once when the process NAME ends.
wait_until() {
  local name=$1 limit=$(($2 * 10)) tenth
  shift 2
  for ((tenth = 0; tenth < limit; tenth++)); do
    if ! running "$name"; then
      echo "$name ended; the end of its output:" >&2
      tail -n 15 "$STATE/logs/$name.out" >&2
      return 1
    fi
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.1
  done
  echo "$name runs but was not ready in $((limit / 10)) seconds: $*" >&2
  tail -n 15 "$STATE/logs/$name.out" >&2
  return 1
}

# port_open ADDRESS PORT: in a subshell, which closes the connection again.
port_open() {
  (exec 3<>"/dev/tcp/$1/$2")
}

# lock: one script at a time may change what runs here.
lock() {
  mkdir -p "$STATE/run" "$STATE/logs"
  exec 9>"$STATE/lock"
  flock -w 300 9 || {
    echo "another script holds $STATE/lock" >&2
    exit 1
  }
}
