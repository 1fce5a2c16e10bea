import { REDACTED, redactFields } from '@lanekeeper/runtime/redact';

/** Configuration as JSON can hold it: sets as sorted lists, maps as objects; without secrets, also those inside URLs. */
export function toPlain(value: unknown): unknown {
  if (typeof value === 'string') return hideCredentials(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Set) return [...value].map(toPlain).sort();
  if (Array.isArray(value)) return value.map(toPlain);
  const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  const plain = entries.map(([key, inner]) => [String(key), toPlain(inner ?? null)]);
  return redactFields(Object.fromEntries(plain) as Record<string, unknown>);
}

/** A collector's URL may carry a user, a password or a token in its query. */
function hideCredentials(text: string): string {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return text;
  const url = new URL(text);
  const isOpen = url.username === '' && url.password === '' && url.search === '';
  return isOpen ? text : `${url.protocol}//${url.host}${url.pathname} ${REDACTED}`;
}
