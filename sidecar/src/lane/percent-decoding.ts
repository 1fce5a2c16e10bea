/** One character in UTF-8, one to four bytes; the decoder itself refuses overlong forms and surrogates. */
const ENCODED_CHARACTER =
  /%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}/gi;

/** Percent-decodes UTF-8. Sequences that are no UTF-8, or no sequence at all, stay as they are written. Never throws. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  return decodeWhole(text) ?? text.replace(ENCODED_CHARACTER, (one) => decodeWhole(one) ?? one);
}

function decodeWhole(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
