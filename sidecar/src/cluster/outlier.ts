import type { ProxyErrorCode } from '../proxy-error.ts';

/**
 * Which endpoints are left out for a while because their connections fail. Only failures of the connection count, never an
 * application's 5xx: a gray version under test that answers 500 must be seen, not silently replaced by the baseline.
 */
export interface OutlierDetector {
  /** A response came from the endpoint, whatever its status. */
  succeeded(key: string): void;
  /** A request to the endpoint ended with `code`; codes that say nothing of the endpoint are ignored. */
  failed(key: string, code: ProxyErrorCode): void;
  /** Milliseconds, on the detector's clock, at which the present ejection of `key` began; undefined: not ejected. */
  ejectedSince(key: string): number | undefined;
  /** Another number whenever the set of ejected endpoints has changed. */
  version(): number;
}

export interface OutlierOptions {
  /** Failures in a row that eject. A connection that nobody accepts counts as all of them: whoever listened there is gone. */
  readonly consecutiveFailures: number;
  /** Length of the first ejection; each further one is twice as long. */
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  /** Without failures for so long after its last ejection, an endpoint's record is clean again. */
  readonly forgetAfterMs: number;
  /** Endpoints remembered at most; the one that failed longest ago is forgotten first. */
  readonly maxEndpoints: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

export const OUTLIER_DEFAULTS = {
  consecutiveFailures: 5,
  baseEjectionMs: 10_000,
  maxEjectionMs: 300_000,
  forgetAfterMs: 600_000,
  maxEndpoints: 4_096,
} as const;

const COUNTED: ReadonlySet<ProxyErrorCode> = new Set<ProxyErrorCode>([
  'connect-failed',
  'connect-timeout',
  'upstream-reset',
  'upstream-refused',
  'upstream-truncated',
  'response-timeout',
]);

interface Health {
  failures: number;
  ejections: number;
  ejectedAt: number;
  /** 0: not ejected. */
  ejectedUntil: number;
  lastFailure: number;
}

class ConsecutiveFailures implements OutlierDetector {
  readonly #options: OutlierOptions;
  /** Ordered by last failure, oldest first. */
  readonly #health = new Map<string, Health>();
  readonly #ejected = new Map<string, Health>();
  #nextReturn = Infinity;
  #version = 0;

  constructor(options: OutlierOptions) {
    this.#options = options;
  }

  succeeded(key: string): void {
    if (this.#health.size === 0) return;
    const health = this.#health.get(key);
    if (health === undefined || health.ejectedUntil > 0) return;
    health.failures = 0;
    if (health.ejections === 0) this.#health.delete(key);
  }

  failed(key: string, code: ProxyErrorCode): void {
    if (!COUNTED.has(code)) return;
    const now = this.#options.now();
    this.#returnDue(now);
    this.#forget(now);
    const health = this.#touch(key, now);
    if (health.ejectedUntil > 0) return;
    health.failures += code === 'connect-failed' ? this.#options.consecutiveFailures : 1;
    if (health.failures >= this.#options.consecutiveFailures) this.#eject(key, health, now);
  }

  ejectedSince(key: string): number | undefined {
    if (this.#ejected.size === 0) return undefined;
    this.#returnDue(this.#options.now());
    return this.#ejected.get(key)?.ejectedAt;
  }

  version(): number {
    if (this.#ejected.size > 0) this.#returnDue(this.#options.now());
    return this.#version;
  }

  #touch(key: string, now: number): Health {
    const health = this.#health.get(key) ?? {
      failures: 0,
      ejections: 0,
      ejectedAt: 0,
      ejectedUntil: 0,
      lastFailure: now,
    };
    health.lastFailure = now;
    this.#health.delete(key);
    this.#health.set(key, health);
    return health;
  }

  #eject(key: string, health: Health, now: number): void {
    const { baseEjectionMs, maxEjectionMs } = this.#options;
    const length = Math.min(baseEjectionMs * 2 ** Math.min(health.ejections, 30), maxEjectionMs);
    health.ejections += 1;
    health.ejectedAt = now;
    health.ejectedUntil = now + length;
    this.#ejected.set(key, health);
    this.#nextReturn = Math.min(this.#nextReturn, health.ejectedUntil);
    this.#version += 1;
  }

  /** Ends the ejections whose time is up. One more failure ejects again: the endpoint comes back on trial. */
  #returnDue(now: number): void {
    if (now < this.#nextReturn) return;
    this.#nextReturn = Infinity;
    for (const [key, health] of this.#ejected) {
      if (health.ejectedUntil > now) {
        this.#nextReturn = Math.min(this.#nextReturn, health.ejectedUntil);
        continue;
      }
      health.ejectedUntil = 0;
      health.failures = this.#options.consecutiveFailures - 1;
      this.#ejected.delete(key);
      this.#version += 1;
    }
  }

  #forget(now: number): void {
    for (const [key, health] of this.#health) {
      const isOld = now - Math.max(health.lastFailure, health.ejectedAt) >= this.#options.forgetAfterMs;
      if (!isOld && this.#health.size <= this.#options.maxEndpoints) return;
      this.#health.delete(key);
      if (this.#ejected.delete(key)) this.#version += 1;
    }
  }
}

export function createOutlierDetector(options: OutlierOptions): OutlierDetector {
  return new ConsecutiveFailures(options);
}
