/** Of the TLS application and its client. */
export const PRE_SHARED_KEY = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

/** TLS without certificates: to anyone in between it looks like any other TLS 1.2 connection. */
export const TLS_OPTIONS = {
  ciphers: 'PSK-AES128-GCM-SHA256',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const;
