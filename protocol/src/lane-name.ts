/** The name of the baseline, wherever a lane name is asked for. Every service has it; no endpoint is labelled with it. */
export const BASELINE = 'base';

const MAX_LENGTH = 63;
const HYPHEN = 0x2d;

/** Whether `name` may name a lane: a DNS label (RFC 1123), at most 63 characters. `base` is allowed and means the baseline. */
export function isLaneName(name: string): boolean {
  // Without a regular expression: it is asked several times for every request.
  const { length } = name;
  if (length === 0 || length > MAX_LENGTH) return false;
  for (let at = 0; at < length; at += 1) {
    const code = name.charCodeAt(at);
    const isInside = code === HYPHEN && at > 0 && at < length - 1;
    if (!isInside && !isLetterOrDigit(code)) return false;
  }
  return true;
}

function isLetterOrDigit(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
}
