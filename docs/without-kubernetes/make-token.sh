#!/bin/sh
# Makes NAME.token for the sidecars of a namespace and prints its entry for tokens.yaml, which keeps the hash only.
# Arguments: NAME NAMESPACE
set -eu
umask 077
openssl rand -hex 32 >"$1.token"
hash=$(tr -d '\n' <"$1.token" | openssl dgst -sha256 -r | cut -d' ' -f1)
printf -- '- {name: "%s", sha256: "%s", namespaces: ["%s"]}\n' "$1" "$hash" "$2"
