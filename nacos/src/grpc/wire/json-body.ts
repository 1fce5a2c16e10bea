import { NacosError } from '../../nacos-error.ts';

/** Readers of the JSON that payloads carry. What is of another kind than the protocol says throws `nacos_answer_malformed`. */
export type JsonObject = Readonly<Record<string, unknown>>;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

export function parseBody(body: Buffer, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(body));
  } catch {
    // The parser's message quotes the body, which may hold anything.
    throw malformed(`${what} is no JSON`);
  }
  return object(value, what);
}

export function object(value: unknown, what: string): JsonObject {
  if (!isObject(value)) throw malformed(`${what} is no object`);
  return value;
}

export function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(`${what} is no list`);
  return value;
}

export function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw malformed(`${what} is no string`);
  return value;
}

export function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}

export function number(value: unknown, what: string): number {
  if (typeof value !== 'number') throw malformed(`${what} is no number`);
  return value;
}

export function malformed(what: string): NacosError {
  return new NacosError('nacos_answer_malformed', `the server's answer cannot be used: ${what}`);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
