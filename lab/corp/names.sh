# shellcheck shell=bash
# The names of the company's machines, and where its Kerberos realms are.

write_names() {
  cat >"$STATE/etc/hosts" <<END
127.0.0.1 proxy.corp.test nego.corp.test
$ORIGIN origin.corp.test origin
$PROBE probe.corp.test
$REGISTRY registry.corp.test
$GIT git.corp.test
$FAR far.corp.test
127.0.10.1 dc1.corp.test
127.0.11.1 dc2.legacy.test
END
  set_host_names corp <"$STATE/etc/hosts"
  # No look-up in DNS: the addresses of the realms are known, and names must not be made canonical.
  cat >"$STATE/krb5.conf" <<'END'
[libdefaults]
	default_realm = CORP.TEST
	dns_lookup_realm = false
	dns_lookup_kdc = false
	dns_canonicalize_hostname = false
	rdns = false
	forwardable = true
[realms]
	CORP.TEST = {
		kdc = 127.0.10.1:88
		admin_server = 127.0.10.1
	}
	LEGACY.TEST = {
		kdc = 127.0.11.1:88
		admin_server = 127.0.11.1
	}
[domain_realm]
	.corp.test = CORP.TEST
	corp.test = CORP.TEST
	.legacy.test = LEGACY.TEST
	legacy.test = LEGACY.TEST
END
  export KRB5_CONFIG=$STATE/krb5.conf
}
