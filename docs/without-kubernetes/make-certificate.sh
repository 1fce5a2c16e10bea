#!/bin/sh
# Makes an authority (ca.crt, ca.key) and a certificate for the control plane (tls.crt, tls.key) in this folder.
# Arguments: the names that sidecars reach it by; default control-plane.
set -eu
umask 077
names=${*:-control-plane}

if [ ! -e ca.key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 3650 \
    -subj '/CN=Lanekeeper authority' -keyout ca.key -out ca.crt \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
fi
printf 'subjectAltName=DNS:localhost' >tls.ext
for name in $names; do printf ',DNS:%s' "$name" >>tls.ext; done
printf '\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n' >>tls.ext
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=Lanekeeper control plane' \
  -keyout tls.key -out tls.csr
openssl x509 -req -sha256 -days 365 -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial \
  -extfile tls.ext -out tls.crt
rm -f tls.csr tls.ext
# Everybody may read these two.
chmod 644 ca.crt tls.crt
