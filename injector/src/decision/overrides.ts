import { ANNOTATIONS } from '@lanekeeper/protocol/labels';
import { VARIABLES } from '@lanekeeper/protocol/variables';
import type { ConfigProblem } from '@lanekeeper/runtime/env';
import * as kind from '@lanekeeper/runtime/env-kinds';
import { LOG_LEVELS } from '@lanekeeper/runtime/log';
import { didYouMean } from '@lanekeeper/runtime/nearest-name';
import { isObject } from '../pod/json.ts';
import { show } from './show.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What `lanekeeper.io/config` may set, with the bounds of the sidecar's own configuration (e2e/tests/admission.test.ts holds them equal). */
export const OVERRIDES = {
  untaggedInbound: kind.choice('correct', 'adopt'),
  appAddress: kind.ADDRESS,
  detectTimeoutMs: kind.milliseconds(1, 10_000),
  tcpPorts: kind.list(kind.PORT),
  connectTimeoutMs: kind.milliseconds(1, HOUR_MS),
  headTimeoutMs: kind.milliseconds(1, HOUR_MS),
  idleTimeoutMs: kind.milliseconds(1, DAY_MS),
  responseTimeoutMs: kind.milliseconds(0, DAY_MS),
  drainDelayMs: kind.milliseconds(0, HOUR_MS),
  drainTimeoutMs: kind.milliseconds(0, DAY_MS),
  maxHeadBytes: kind.integer(1024, 1024 * 1024),
  maxConnections: kind.integer(1, 1_000_000),
  hopCapacity: kind.integer(0, 1_000_000),
  accessLogSample: kind.number(0, 1),
  logLevel: kind.choice(...LOG_LEVELS),
} satisfies Partial<Record<keyof typeof VARIABLES, kind.EnvKind<unknown>>>;

type Override = keyof typeof OVERRIDES;

const PATH = `metadata.annotations["${ANNOTATIONS.config}"]`;

export interface OverridesResult {
  /** Environment variables of the sidecar. */
  readonly env: ReadonlyMap<string, string>;
  readonly problems: readonly ConfigProblem[];
}

/** Reads the JSON of the annotation; every mistake at once. */
export function readOverrides(text: string | undefined): OverridesResult {
  if (text === undefined || text.trim() === '') return { env: new Map(), problems: [] };
  const given = parseMapping(text);
  if (given === undefined) {
    const message = `expected a JSON object such as {"connectTimeoutMs": 3000}, found ${show(text)}`;
    return { env: new Map(), problems: [{ path: PATH, message }] };
  }
  const env = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const [key, value] of Object.entries(given)) {
    const problem = problemOf(key, value);
    if (problem !== undefined) problems.push({ path: `${PATH}.${key.slice(0, 100)}`, message: problem });
    else if (isOverride(key)) env.set(VARIABLES[key], textOf(value) ?? '');
  }
  return { env, problems };
}

function problemOf(key: string, value: unknown): string | undefined {
  const names = Object.keys(OVERRIDES);
  if (!isOverride(key)) {
    const nearest = didYouMean(key.slice(0, 100), names);
    return `no such setting${nearest === '' ? `; expected one of ${names.join(', ')}` : nearest}`;
  }
  const text = textOf(value);
  if (text !== undefined && OVERRIDES[key].parse(text) !== undefined) return undefined;
  return `expected ${OVERRIDES[key].expected}, found ${show(value)}`;
}

function isOverride(key: string): key is Override {
  return Object.hasOwn(OVERRIDES, key);
}

/** As the variable spells it; an empty list is `none`. Undefined for what no variable can hold. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return value.trim() === '' ? undefined : value.trim();
  if (!Array.isArray(value)) return undefined;
  if (value.length === 0) return 'none';
  return value.every((item) => typeof item === 'number' || typeof item === 'string')
    ? value.join(',')
    : undefined;
}

function parseMapping(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // Not JSON at all: reported by the caller like any other wrong value.
    return undefined;
  }
}
