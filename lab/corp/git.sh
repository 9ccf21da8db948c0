# shellcheck shell=bash
# A git server: git's own http-backend behind fcgiwrap; nginx is in front of it (nginx/servers.conf).
# https://git.corp.test/hello.git can be cloned and pushed to by anyone.

start_git() {
  make_repository hello
  install -d -o www-data -g www-data "$STATE/run/git"
  # shellcheck disable=SC2016 # the inner shell fills in its own arguments
  start git -- bash -c 'rm -f "$1" && exec env HOME=/nonexistent setpriv --reuid www-data --regid www-data \
    --clear-groups fcgiwrap -c 4 -s "unix:$1"' git "$STATE/run/git/socket"
}

# Once nginx is up too.
await_git() {
  wait_until git 10 curl -fsS --noproxy '*' "http://$GIT/hello.git/info/refs?service=git-upload-pack"
}

# make_repository NAME: two commits and a file of 4 MiB that does not compress.
make_repository() {
  local repository=$STATE/git/$1.git work
  [ -e "$repository/complete" ] && return 0
  rm -rf "$repository"
  work=$(mktemp -d "$STATE/run/work.XXXXXX")
  git init -q --bare --initial-branch=main "$repository"
  git -C "$repository" config http.receivepack true
  git init -q --initial-branch=main "$work"
  echo 'hello from git.corp.test' >"$work/README"
  commit "$work" 'Say hello'
  head -c 4194304 /dev/urandom >"$work/random.bin"
  commit "$work" 'Add something to fetch'
  git -C "$work" push -q "$repository" main
  rm -rf "$work"
  chown -R www-data:www-data "$repository"
  touch "$repository/complete"
}

commit() {
  git -C "$1" add .
  git -C "$1" -c user.name=Lab -c user.email=lab@corp.test commit -q -m "$2"
}
