/** One trailing byte of UTF-8. */
const TAIL = '%[89ab][0-9a-f]';
/** A run of characters in well-formed UTF-8 (RFC 3629 section 4): no overlong forms, no surrogates, so decoding cannot fail. */
const ENCODED = new RegExp(
  [
    '(?:%[0-7][0-9a-f]',
    `%(?:c[2-9a-f]|d[0-9a-f])${TAIL}`,
    `%e0%[ab][0-9a-f]${TAIL}`,
    `%e[1-9abcef](?:${TAIL}){2}`,
    `%ed%[89][0-9a-f]${TAIL}`,
    `%f0%[9ab][0-9a-f](?:${TAIL}){2}`,
    `%f[1-3](?:${TAIL}){3}`,
    `%f4%8[0-9a-f](?:${TAIL}){2})+`,
  ].join('|'),
  'gi',
);

/**
 * Percent-decodes UTF-8. Sequences that are no UTF-8, or no sequence at all, stay as they are written. Never throws, inside
 * neither: an exception for each malformed member would make a hostile header dear.
 */
export function decodePercent(text: string): string {
  return text.includes('%') ? text.replace(ENCODED, decodeURIComponent) : text;
}
