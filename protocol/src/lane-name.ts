/** The name of the baseline, wherever a lane name is asked for. Every service has it; no endpoint is labelled with it. */
export const BASELINE = 'base';

const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Whether `name` may name a lane: a DNS label (RFC 1123), at most 63 characters. `base` is allowed and means the baseline. */
export function isLaneName(name: string): boolean {
  return DNS_LABEL.test(name);
}
