#!/usr/bin/python3
"""accounts.py SMB-CONF NAME:PASSWORD...: writes the accounts of a domain that does not run yet.

One process for all of them: samba-tool takes most of a second for each.
"""
import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

# The account of the proxies' Kerberos services.
SERVICE = "svc-squid"
SERVICE_PASSWORD = "Svc-Squid-9x"
SERVICE_PRINCIPALS = ["HTTP/proxy.corp.test", "HTTP/nego.corp.test"]
# RC4, AES-128 and AES-256 (MS-KILE 2.2.7)
ENCRYPTION_TYPES = "28"


def main(configuration, *accounts):
    parameters = LoadParm(configuration)
    domain = SamDB(lp=parameters, session_info=system_session())
    for account in accounts:
        name, password = account.split(":", 1)
        add(domain, name, password)
    if parameters.get("realm").upper() == "CORP.TEST":
        add(domain, SERVICE, SERVICE_PASSWORD)
        add_service_principals(domain)


def add(domain, name, password):
    domain.newuser(name, password)
    domain.setexpiry(f"(sAMAccountName={name})", 0, no_expiry_req=True)


def add_service_principals(domain):
    found = domain.search(domain.domain_dn(), expression=f"(sAMAccountName={SERVICE})", attrs=[])
    change = ldb.Message(found[0].dn)
    for attribute, value in [
        ("servicePrincipalName", SERVICE_PRINCIPALS),
        ("msDS-SupportedEncryptionTypes", ENCRYPTION_TYPES),
    ]:
        change[attribute] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, attribute)
    domain.modify(change)


main(*sys.argv[1:])
