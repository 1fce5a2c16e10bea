/**
 * Fields that belong to one connection and are not forwarded (RFC 9110 section 7.6.1). `trailer` is not among them: trailers are
 * forwarded, so their announcement is too. `transfer-encoding` is written anew for the next connection.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/**
 * Fields that `connection` may not take away: they decide where the message goes or where it ends, and a client must not be able
 * to hide them from the next hop.
 */
const NOT_NOMINABLE: ReadonlySet<string> = new Set(['host', 'content-length', 'baggage', 'trailer']);

/** Fields that mean something only in a head, so that a trailer must not bring them (RFC 9110 section 6.5.1). */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'trailer',
  'content-length',
  'host',
  'content-encoding',
  'content-type',
  'content-range',
  'expect',
  'max-forwards',
  'authorization',
  'set-cookie',
  'baggage',
]);

const NONE: readonly string[] = [];

/** Whether the field `name` (lower-case) stays on its connection. `nominated` comes from {@link nominatedFields}. */
export function isHopByHop(name: string, nominated: readonly string[]): boolean {
  return HOP_BY_HOP.has(name) || (nominated.length > 0 && nominated.includes(name));
}

/** The fields that a `connection` value names, lower-case, beside the ones that are hop-by-hop anyway. */
export function nominatedFields(connection: string | undefined): readonly string[] {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NONE;
  return connection
    .split(',')
    .map((option) => option.trim().toLowerCase())
    .filter((option) => option !== 'close' && !HOP_BY_HOP.has(option) && !NOT_NOMINABLE.has(option));
}

export function isAllowedInTrailers(name: string): boolean {
  return !NOT_IN_TRAILERS.has(name);
}

/** Whether a list field (`connection`, `te`, `upgrade`) has `token` among its members, parameters aside. */
export function hasToken(value: string | undefined, token: string): boolean {
  if (value === undefined) return false;
  const lower = value.toLowerCase();
  if (lower === token) return true;
  if (!lower.includes(token)) return false;
  return lower.split(',').some((member) => member.split(';', 1)[0]?.trim() === token);
}
