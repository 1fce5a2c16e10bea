import type { Log, LogFields } from '@lanekeeper/runtime/log';
import type { NacosError } from '../nacos-error.ts';

export interface TroublesOptions {
  readonly log: Log;
  /** Stand in each line: whose troubles they are. */
  readonly fields: LogFields;
  /** Events of the lines when the first one begins and when the last one has ended. */
  readonly events: { readonly begin: string; readonly end: string };
}

/** What does not work now, by what was wanted: one line when that begins, one when all is well again. */
export interface Troubles {
  begin(wish: string, error: NacosError): void;
  end(wish: string): void;
  /** As sentences, each once. */
  sentences(): readonly string[];
  /** Milliseconds since the last one ended; 0: there are some. Infinity: there was none. */
  overForMs(): number;
}

export function createTroubles({ log, fields, events }: TroublesOptions): Troubles {
  const current = new Map<string, string>();
  let toldAt: number | undefined;
  let overAt = Number.NEGATIVE_INFINITY;
  return {
    begin(wish, error) {
      if (error.code === 'nacos_closed') return;
      current.set(wish, error.message);
      // Whoever logs in tells of wrong credentials.
      if (toldAt !== undefined || error.code === 'nacos_credentials_refused') return;
      toldAt = performance.now();
      log.warn({ ...fields, code: error.code, problem: error.message }, events.begin);
    },
    end(wish) {
      if (!current.delete(wish) || current.size > 0) return;
      overAt = performance.now();
      if (toldAt === undefined) return;
      log.info({ ...fields, lastedMs: Math.round(performance.now() - toldAt) }, events.end);
      toldAt = undefined;
    },
    sentences: () => [...new Set(current.values())],
    overForMs: () => (current.size > 0 ? 0 : performance.now() - overAt),
  };
}
