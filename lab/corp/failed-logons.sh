#!/bin/bash
# failed-logons.sh [CONTROLLER]: how many NTLM and password logons the domain controller (dc1) has
# refused since it was started. Take the number before and after. Samba writes three lines for one
# logon through winbind; the one of the front counts.
. "$(dirname "$0")/settings.sh"
cat "$STATE/${1:-dc1}"/log/log.* | grep -aE 'Auth: \[winbind,(NTLM_AUTH|PAM_AUTH)' | grep -acv 'status \[NT_STATUS_OK\]' || true
