const ENCODED_RUN = /(?:%[0-9a-f]{2})+/gi;

/** Percent-decodes UTF-8. Sequences that are no UTF-8, or no sequence at all, stay as they are written. Never throws. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  return decodeWhole(text) ?? text.replace(ENCODED_RUN, (run) => decodeWhole(run) ?? run);
}

function decodeWhole(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
