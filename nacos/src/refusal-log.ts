import type { Log, LogFields } from '@lanekeeper/runtime/log';
import type { NacosError, NacosErrorCode } from './nacos-error.ts';

/** Services that cannot be followed although there is a connection: one line when the first one fails, one when all are well again. */
export interface RefusalLog {
  failed(service: string, error: NacosError): void;
  /** It can be followed, or nobody wants to any more. */
  settled(service: string): void;
}

/** What others have told of already. */
const TOLD_ELSEWHERE: ReadonlySet<NacosErrorCode> = new Set([
  'nacos_unreachable',
  'nacos_closed',
  'nacos_credentials_refused',
]);

export function createRefusalLog(log: Log, who: LogFields): RefusalLog {
  const failing = new Set<string>();
  return {
    failed(service, error) {
      if (TOLD_ELSEWHERE.has(error.code)) return;
      const isFirst = failing.size === 0;
      failing.add(service);
      if (isFirst)
        log.warn({ ...who, service, code: error.code, problem: error.message }, 'nacos_service_refused');
    },
    settled(service) {
      if (failing.delete(service) && failing.size === 0) log.info(who, 'nacos_services_accepted');
    },
  };
}
