/** A request's authority taken apart. */
export interface Authority {
  /** Lower-case, without brackets and without the root's dot; empty when there is none. */
  readonly host: string;
  /** Undefined: none was given. 0: what stands there is no port. */
  readonly port: number | undefined;
}

const NO_AUTHORITY: Authority = { host: '', port: undefined };
const MAX_PORT = 65_535;

/** `b`, `b.default:8080`, `10.0.0.1:80`, `[::1]:80` (RFC 3986 section 3.2.2). Never throws. */
export function parseAuthority(authority: string): Authority {
  if (authority === '') return NO_AUTHORITY;
  if (authority.startsWith('[')) return parseBracketed(authority);
  const colon = authority.indexOf(':');
  if (colon === -1) return { host: withoutRoot(authority), port: undefined };
  return { host: withoutRoot(authority.slice(0, colon)), port: parsePort(authority, colon + 1) };
}

function parseBracketed(authority: string): Authority {
  const end = authority.indexOf(']');
  if (end === -1) return NO_AUTHORITY;
  const host = authority.slice(1, end);
  if (end === authority.length - 1) return { host, port: undefined };
  return { host, port: authority[end + 1] === ':' ? parsePort(authority, end + 2) : 0 };
}

/** `b.default.svc.cluster.local.` names the same host as without the last dot (RFC 1034 section 3.1). */
function withoutRoot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/** An empty port (`b:`) is none (RFC 3986 section 6.2.3). */
function parsePort(text: string, start: number): number | undefined {
  if (start === text.length) return undefined;
  let port = 0;
  for (let at = start; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return 0;
    port = port * 10 + digit;
    if (port > MAX_PORT) return 0;
  }
  return port;
}
