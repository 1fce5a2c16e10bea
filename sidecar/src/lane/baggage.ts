import { decodePercent } from './percent-decoding.ts';

/** What every W3C platform propagates at least (https://www.w3.org/TR/baggage/#limits); beyond it others may cut the end off. */
export const BAGGAGE_LIMITS = { members: 64, bytes: 8192 } as const;

const NO_VALUES: readonly string[] = Object.freeze([]);

/**
 * The percent-decoded values of every member of a `baggage` field that has `key`, in order; several fields arrive joined with
 * `, `. Malformed percent sequences stay as they are, malformed members are passed over. Never throws.
 *
 * A key that *decodes* to ours counts as ours. The grammar knows no encoded keys, but OpenTelemetry's JavaScript decodes them:
 * an application would turn `l%61ne=gray` from outside into our tag.
 */
export function readBaggageMember(header: string | undefined, key: string): readonly string[] {
  if (header === undefined || !mayContain(header, key)) return NO_VALUES;
  if (!header.includes(',')) {
    const only = valueOf(header, key);
    return only === undefined ? NO_VALUES : [only];
  }
  let values: string[] | undefined;
  for (const member of header.split(',')) {
    const value = valueOf(member, key);
    if (value === undefined) continue;
    values ??= [];
    values.push(value);
  }
  return values ?? NO_VALUES;
}

/**
 * The field with our member set to `value` (null: removed); undefined when no field is left, the same string when nothing had
 * to change. Foreign members, malformed ones too, keep their bytes, order, whitespace and properties.
 *
 * - The first member of ours takes the new value in its place; further ones go. Its properties stay only while the value does:
 *   they describe that value.
 * - With none yet, ours is appended. Where it would then lie beyond a limit (64 members, 8,192 bytes), it is put in front
 *   instead: whoever truncates, truncates the end. Nothing foreign is ever dropped here.
 * - Whitespace that would become the beginning or end of the field goes with our member (RFC 9110 section 5.5).
 */
export function writeBaggageMember(
  header: string | undefined,
  key: string,
  value: string | null,
): string | undefined {
  const values = readBaggageMember(header, key);
  const isAsWanted = value === null ? values.length === 0 : isAll(values, value);
  if (isAsWanted) return header;
  if (value === null) return header === undefined ? undefined : withoutOurs(header, key);
  if (header === undefined || isBlank(header)) return memberOf(key, value);
  const ours = memberOf(key, value);
  const inPlace = values.length === 0 ? `${header},${ours}` : replaceOurs(header, key, value);
  if (!exceedsLimits(inPlace) || isFirst(inPlace, key)) return inPlace;
  const foreign = withoutOurs(header, key);
  return foreign === undefined ? ours : `${ours},${foreign}`;
}

/** Cheap and allocation-free; false for nearly every request without a tag. */
function mayContain(header: string, key: string): boolean {
  return header.includes(key) || header.includes('%');
}

/** The decoded value of a list member, if its key is `key`. */
function valueOf(member: string, key: string): string | undefined {
  const equals = member.indexOf('=');
  if (equals < key.length || !isKey(member.slice(0, equals).trim(), key)) return undefined;
  const semicolon = member.indexOf(';', equals);
  return decodePercent(member.slice(equals + 1, semicolon === -1 ? undefined : semicolon).trim());
}

function isKey(written: string, key: string): boolean {
  if (written === key) return true;
  return written.length <= 3 * key.length && decodePercent(written) === key;
}

function memberOf(key: string, value: string): string {
  return `${key}=${encodeURIComponent(value.replace(/\p{Surrogate}/gu, '\ufffd'))}`;
}

function replaceOurs(header: string, key: string, value: string): string {
  let isPlaced = false;
  const kept = header.split(',').flatMap((member) => {
    const present = valueOf(member, key);
    if (present === undefined) return member;
    if (isPlaced) return [];
    isPlaced = true;
    return present === value ? member : aroundTrimmed(member, memberOf(key, value));
  });
  return trimNewEnds(header, kept);
}

/** `text` with the leading and trailing whitespace of `member`. */
function aroundTrimmed(member: string, text: string): string {
  const lead = member.length - member.trimStart().length;
  return member.slice(0, lead) + text + member.slice(member.trimEnd().length);
}

function withoutOurs(header: string, key: string): string | undefined {
  const foreign = header.split(',').filter((member) => valueOf(member, key) === undefined);
  return foreign.every(isBlank) ? undefined : trimNewEnds(header, foreign);
}

function trimNewEnds(header: string, members: readonly string[]): string {
  const joined = members.join(',');
  const start = header.startsWith(members[0] ?? '') ? joined : joined.trimStart();
  return header.endsWith(members.at(-1) ?? '') ? start : start.trimEnd();
}

function isAll(values: readonly string[], value: string): boolean {
  return values.length > 0 && values.every((present) => present === value);
}

function isFirst(header: string, key: string): boolean {
  const comma = header.indexOf(',');
  return valueOf(comma === -1 ? header : header.slice(0, comma), key) !== undefined;
}

function exceedsLimits(header: string): boolean {
  if (header.length > BAGGAGE_LIMITS.bytes) return true;
  let members = 1;
  for (let at = header.indexOf(','); at !== -1; at = header.indexOf(',', at + 1)) members += 1;
  return members > BAGGAGE_LIMITS.members;
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}
