import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpAnswer, Params } from '../http/http-call.ts';
import type { ApiRequest, NacosApi } from '../http/nacos-api.ts';
import { NacosError, type NacosErrorCode } from '../nacos-error.ts';
import { OutageGate } from './outage-gate.ts';
import type { Troubles } from './troubles.ts';

export interface PatientRequest extends ApiRequest {
  readonly signal: AbortSignal;
  /** Instead of the headers, once it has failed. */
  readonly headersAgain?: Params;
}

/** Asks until there is an answer, slowly. */
export interface PatientRequests {
  /** Undefined: its signal came first. Never rejects. */
  request(request: PatientRequest): Promise<HttpAnswer | undefined>;
}

/** The trouble of all wishes. */
const SERVER = 'reach the server';
const OF_SERVER: readonly NacosErrorCode[] = [
  'nacos_unreachable',
  'nacos_timeout',
  'nacos_credentials_refused',
];
const FIRST_PAUSE_MS = 1000;
/** What the server refuses is asked for less and less often. */
const MAX_PAUSE_MS = 30_000;

export function createPatientRequests(api: NacosApi, troubles: Troubles): PatientRequests {
  const gate = new OutageGate();
  /** Its answer, or how long to wait before the next try. */
  const attempt = async (request: ApiRequest, failures: number): Promise<HttpAnswer | number> => {
    try {
      const answer = await api.request(request);
      gate.open();
      troubles.end(SERVER);
      troubles.end(request.wish);
      return answer;
    } catch (error) {
      if (request.signal?.aborted === true) return 0;
      const known = asNacosError(error, request.wish);
      const isOfServer = OF_SERVER.includes(known.code);
      troubles.begin(isOfServer ? SERVER : request.wish, known);
      if (isOfServer) gate.shut();
      else gate.open();
      // The gate waits for a server that is away.
      return isOfServer ? 0 : Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
    }
  };
  return {
    async request({ headersAgain, ...request }) {
      const { signal } = request;
      for (let failures = 0; !signal.aborted; failures++) {
        const again = failures > 0 && headersAgain !== undefined ? { headers: headersAgain } : {};
        const leave = await gate.enter(signal);
        const outcome = await attempt({ ...request, ...again }, failures).finally(leave);
        if (typeof outcome === 'object') return outcome;
        if (outcome > 0) await sleep(outcome, undefined, { signal }).catch(() => undefined);
      }
      return undefined;
    },
  };
}

function asNacosError(error: unknown, wish: string): NacosError {
  return error instanceof NacosError
    ? error
    : new NacosError('nacos_refused', `cannot ${wish}: ${String(error)}`);
}
