import { format } from 'node:util';
import type { Log } from '@lanekeeper/runtime/log';
import type { PackageLog } from './load-package.ts';

/** What the package has to say, for those who look for it: outages are told by whoever carries its requests. */
export function packageLog(log: Log): PackageLog {
  const tell = (...words: readonly unknown[]): void => log.debug({ said: format(...words) }, 'nacos_package');
  return { debug: tell, info: tell, warn: tell, error: tell };
}
