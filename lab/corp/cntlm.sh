# shellcheck shell=bash
# cntlm itself in front of the NTLM proxy: the peer that Sallyport is compared with.

start_cntlm() {
  local hash
  mkdir -p "$STATE/cntlm"
  hash=$(printf 'S3cret-pass\n' | cntlm -H -u testuser -d CORP -c /dev/null 2>/dev/null | awk '$1 == "PassNTLMv2" { print $2 }')
  cat >"$STATE/cntlm/main.conf" <<END
Username	testuser
Domain		CORP
Auth		NTLMv2
PassNTLMv2	$hash
Workstation	LABWS
Proxy		127.0.0.1:3131
NoProxy		localhost, 127.0.0.*, noproxy.test
Listen		127.0.0.1:3228
END
  start cntlm "$STATE/cntlm/main.conf" -- cntlm -f -c "$STATE/cntlm/main.conf"
  wait_until cntlm 10 port_open 127.0.0.1 3228
}
