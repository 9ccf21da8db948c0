# shellcheck shell=bash
# The company's proxies: one Squid for each way to sign in. All listen on 127.0.0.1 and on this
# machine's end of the cable to the far machine, which containers reach.

start_squids() {
  make_passwords
  install -d -o proxy -g proxy "$STATE/logs/squid" "$STATE/run/squid"
  ntlm=/usr/bin/ntlm_auth
  corp="--configfile=$STATE/dc1/etc/smb-helper.conf"
  legacy="--configfile=$STATE/dc2/etc/smb-helper.conf"

  start_squid open 3130 </dev/null
  start_squid ntlm 3131 <<END
auth_param ntlm program $ntlm $corp --helper-protocol=squid-2.5-ntlmssp --domain=CORP
auth_param ntlm children 100 startup=20 idle=10
auth_param ntlm keep_alive on
END
  start_squid kerb 3132 <<END
auth_param negotiate program /usr/lib/squid/negotiate_kerberos_auth -k $STATE/etc/squid.keytab -s HTTP/proxy.corp.test@CORP.TEST
auth_param negotiate children 20 startup=2 idle=1
auth_param negotiate keep_alive on
END
  start_squid basic 3133 <<END
auth_param basic program /usr/lib/squid/basic_ncsa_auth $STATE/etc/htpasswd
auth_param basic children 5 startup=1 idle=1
auth_param basic realm Lab Basic
auth_param basic credentialsttl 2 hours
END
  start_squid digest 3134 <<END
auth_param digest program /usr/lib/squid/digest_file_auth -c $STATE/etc/digest
auth_param digest children 5 startup=1 idle=1
auth_param digest realm Lab Digest
auth_param digest nonce_garbage_interval 5 minutes
auth_param digest nonce_max_duration 30 minutes
auth_param digest nonce_max_count 5000
END
  start_squid legacy 3135 <<END
auth_param ntlm program $ntlm $legacy --helper-protocol=squid-2.5-ntlmssp --domain=LEGACY
auth_param ntlm children 100 startup=5 idle=5
auth_param ntlm keep_alive on
END
  start_squid multi 3136 <<END
auth_param negotiate program $ntlm $corp --helper-protocol=gss-spnego
auth_param negotiate children 50 startup=5 idle=5
auth_param negotiate keep_alive on
auth_param ntlm program $ntlm $corp --helper-protocol=squid-2.5-ntlmssp --domain=CORP
auth_param ntlm children 50 startup=5 idle=5
auth_param ntlm keep_alive on
auth_param basic program $ntlm $corp --helper-protocol=squid-2.5-basic --domain=CORP
auth_param basic children 5 startup=2 idle=1
auth_param basic realm Lab Multi
END

  for name in open:3130 ntlm:3131 kerb:3132 basic:3133 digest:3134 legacy:3135 multi:3136; do
    wait_until "squid-${name%:*}" 20 port_open 127.0.0.1 "${name#*:}"
  done
}

make_passwords() {
  [ -s "$STATE/etc/htpasswd" ] || htpasswd -bc "$STATE/etc/htpasswd" testuser S3cret-pass 2>/dev/null
  printf 'testuser:Lab Digest:%s\n' "$(printf 'testuser:Lab Digest:S3cret-pass' | md5sum | cut -d' ' -f1)" >"$STATE/etc/digest"
  chmod 644 "$STATE/etc/htpasswd" "$STATE/etc/digest"
}

# start_squid NAME PORT <how to sign in: nothing on standard input means that nobody has to
start_squid() {
  local name=$1 port=$2 sign_in file=$STATE/etc/squid-$1.conf controller=dc1
  sign_in=$(cat)
  [ "$name" != legacy ] || controller=dc2
  {
    common_configuration "$name" "$port"
    if [ -n "$sign_in" ]; then
      printf '%s\n' "$sign_in" 'acl authenticated proxy_auth REQUIRED' \
        'http_access deny !laboratory' 'http_access deny !authenticated' 'http_access allow authenticated'
    else
      echo 'http_access allow laboratory'
    fi
    echo 'http_access deny all'
  } >"$file"
  # In the controller's mount namespace, where /run/samba is the one of its winbind. Squid reads the
  # names of the origins only when it starts.
  start "squid-$name" "$file" "$STATE/etc/hosts" -- nsenter --mount --target "$(process_id "$controller")" \
    env KRB5_CONFIG="$STATE/krb5.conf" KRB5RCACHETYPE=none squid -N -n "$name" -f "$file"
}

common_configuration() {
  cat <<END
http_port 127.0.0.1:$2
http_port $NEAR:$2
visible_hostname $1.corp.test
pid_filename $STATE/run/squid/$1.pid
coredump_dir $STATE/run/squid
cache_effective_user proxy
max_filedescriptors 18000
cache deny all
cache_mem 8 MB
pinger_enable off
netdb_filename none
shutdown_lifetime 1 seconds
client_lifetime 1 day
pconn_timeout 600 seconds
client_idle_pconn_timeout 600 seconds
hosts_file /etc/hosts
dns_nameservers 127.0.10.1
forwarded_for off
logformat lab %ts.%03tu %6tr %>a:%>p %Ss/%03>Hs %<st %rm %ru %un
access_log stdio:$STATE/logs/squid/$1.access logformat=lab
cache_log $STATE/logs/squid/$1.cache
logfile_rotate 0
acl laboratory dst $REACHABLE
END
}
