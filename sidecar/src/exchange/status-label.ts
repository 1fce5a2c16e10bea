/** The statuses that HTTP defines or proxies have agreed on. Upstreams are untrusted: any other one must not become a label value. */
const KNOWN = new Set([
  100, 101, 103, 200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403,
  404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426,
  428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 507, 508, 511,
]);

/** Label `code`: the status, or its class (`2xx`) for one that nobody has defined. */
export function statusLabel(status: number): string {
  if (KNOWN.has(status)) return String(status);
  return status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : 'other';
}
