#!/bin/sh
# Makes legacy_cbc.json with the openssl program:
#   sh make_legacy_cbc.sh > legacy_cbc.json
# Keys and IVs are fixed, so that running it again changes nothing.
set -eu
separator='['
for plaintext in 'JBSWY3DPEHPK3PXP' '' 'fifteen bytes!!' 'sixteen bytes!!!' 'a plaintext of more than two blocks of sixteen bytes'; do
    key=$(printf 'cbc key %s' "$plaintext" | openssl dgst -sha256 -r | cut -d' ' -f1)
    iv=$(printf 'cbc iv %s' "$plaintext" | openssl dgst -md5 -r | cut -d' ' -f1)
    sealed=$(printf '%s' "$plaintext" | openssl enc -aes-256-cbc -K "$key" -iv "$iv" | od -An -v -tx1 | tr -d ' \n')
    printf '%s\n {"key": "%s", "plaintext": "%s", "sealed": "%s:%s"}' "$separator" "$key" "$plaintext" "$iv" "$sealed"
    separator=','
done
printf '\n]\n'
