#!/bin/bash
# provision.sh NAME REALM DOMAIN ADDRESS NTLM-AUTH: makes a domain with its accounts in $STATE/NAME.
. "$(dirname "$0")/settings.sh"
name=$1 realm=$2 domain=$3 address=$4 ntlm_auth=$5
folder=$STATE/$name

samba-tool domain provision --realm="$realm" --domain="$domain" --server-role=dc \
  --dns-backend=SAMBA_INTERNAL --use-rfc2307 --host-name="$name" --host-ip="$address" \
  --adminpass='Adm1n-S3cret!' --targetdir="$folder" \
  --option="interfaces=$address/8" --option='bind interfaces only=yes' >"$STATE/logs/provision-$name.log" 2>&1
mkdir -p "$folder/run" "$folder/log" "$folder/cache"

cat >"$folder/etc/smb.conf" <<END
[global]
	netbios name = ${name^^}
	workgroup = $domain
	realm = $realm
	server role = active directory domain controller
	interfaces = $address/8
	bind interfaces only = yes
	private dir = $folder/private
	state directory = $folder/state
	cache directory = $folder/cache
	lock directory = $folder
	pid directory = $folder/run
	ncalrpc dir = $folder/run/ncalrpc
	binddns dir = $folder/bind-dns
	logging = file
	log file = $folder/log/log.samba
	log level = 1 auth_audit:3
	max log size = 0
	dns forwarder =
	server services = s3fs, rpc, ldap, cldap, kdc, winbindd, dns
	ntlm auth = $ntlm_auth
	load printers = no
	printing = bsd
	printcap name = /dev/null
	disable spoolss = yes
	winbind max clients = 2000
	idmap_ldb:use rfc2307 = yes
[sysvol]
	path = $folder/state/sysvol
	read only = no
[netlogon]
	path = $folder/state/sysvol/${realm,,}/scripts
	read only = no
END
# What the helpers of Squid read, as the user proxy: the same, but quiet, and with the keys of their
# Kerberos services in a file that they can open.
sed -e 's/log level = .*/log level = 0/' \
  -e "s#^\[sysvol\]#\tkerberos method = dedicated keytab\n\tdedicated keytab file = FILE:$STATE/etc/squid.keytab\n[sysvol]#" \
  "$folder/etc/smb.conf" >"$folder/etc/smb-helper.conf"

# Debian's own interpreter: only that one has Samba's modules.
/usr/bin/python3 "$HERE/accounts.py" "$folder/etc/smb.conf" "${ACCOUNTS[@]}" >>"$STATE/logs/provision-$name.log" 2>&1

if [ "$name" = dc1 ]; then
  rm -f "$STATE/etc/squid.keytab"
  for service in HTTP/proxy.corp.test HTTP/nego.corp.test; do
    samba-tool domain exportkeytab "$STATE/etc/squid.keytab" --principal="$service@$realm" \
      --configfile="$folder/etc/smb.conf" >>"$STATE/logs/provision-$name.log" 2>&1
  done
  chown proxy "$STATE/etc/squid.keytab"
  chmod 600 "$STATE/etc/squid.keytab"
fi
