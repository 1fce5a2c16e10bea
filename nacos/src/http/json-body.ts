import { NacosError } from '../nacos-error.ts';
import type { HttpAnswer } from './http-call.ts';

/** The body, which should be a JSON object. Throws a NacosError that says what should have come. */
export function jsonFields(
  { body, headers }: HttpAnswer,
  expected: string,
): Readonly<Record<string, unknown>> {
  const value = parse(body.toString('utf8'));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  const type = headers['content-type'] ?? 'no content type';
  throw malformedBody(`${body.length} bytes (${type}) that are no JSON object`, expected);
}

export function malformedBody(got: string, expected: string): NacosError {
  return new NacosError(
    'nacos_answer_malformed',
    `expected ${expected} from a Nacos server, got ${got}; is there another program at its address, or a proxy?`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
