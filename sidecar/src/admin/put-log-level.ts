import { isLogLevel, LOG_LEVELS, type RootLog } from '@lanekeeper/runtime/log';
import { checkQuery, json, parameter, problem, type Endpoint } from './endpoint.ts';

/** `PUT /log-level?level=`: until the process ends. */
export function putLogLevel({
  log,
}: {
  readonly log: Pick<RootLog, 'level' | 'setLevel' | 'info'>;
}): Endpoint {
  return ({ query }) => {
    const mistake = checkQuery(query, ['level']);
    if (mistake !== undefined) return mistake;
    const level = parameter(query, 'level') ?? '';
    if (!isLogLevel(level)) return problem(400, 'bad-level', `level is one of: ${LOG_LEVELS.join(', ')}`);
    const before = log.level();
    log.setLevel(level);
    log.info({ before, level }, 'log_level_changed');
    return json({ before, level });
  };
}
