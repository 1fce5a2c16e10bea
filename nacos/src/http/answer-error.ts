import { NacosError } from '../nacos-error.ts';
import type { HttpAnswer } from './http-call.ts';

const MAX_WORDS = 200;

/** The error of an answer that is no success. `who` names the server, `wish` what was asked of it: `list the services of group A`. */
export function answerError({ status, body }: HttpAnswer, who: string, wish: string): NacosError {
  const said = wordsOf(body);
  const answers = `answers HTTP ${status}${said === '' ? '' : `: ${said}`}`;
  if (isUnavailable(status)) return new NacosError('nacos_unreachable', `${who} ${answers}`);
  const problem = `${who} was asked to ${wish} and ${answers}`;
  if (status === 401 || status === 403) {
    return new NacosError('nacos_not_permitted', `${problem}; does its user have the right to?`);
  }
  return new NacosError('nacos_refused', problem);
}

/** It starts or stops, or a proxy before it does not reach it: another member may do better. */
export function isUnavailable(status: number): boolean {
  return [502, 503, 504].includes(status);
}

/** What is worth repeating of an answer, without secrets: the message inside JSON, or one line of text; a page for browsers says nothing. */
export function wordsOf(body: Buffer): string {
  const text = body.subarray(0, 4096).toString('utf8').trim();
  if (text.startsWith('<')) return '';
  const message = text.startsWith('{') ? messageOf(text) : text;
  const line = withoutSecrets(message).replaceAll(/\s+/g, ' ');
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS)}…` : line;
}

function messageOf(text: string): string {
  try {
    const { message, error } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return [message, error].find((each) => typeof each === 'string' && each !== '')?.toString() ?? '';
  } catch {
    return '';
  }
}

/** Some servers repeat the parameters that they were sent. */
function withoutSecrets(text: string): string {
  return text.replaceAll(/(accessToken|password)("?\s*[=:]\s*"?)[^\s"&;,]+/gi, '$1$2[redacted]');
}
