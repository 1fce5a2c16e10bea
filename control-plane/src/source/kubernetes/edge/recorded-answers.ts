import type { BackendView } from './backend-service.ts';

/** A view that remembers what it was asked, so that it can tell whether the answers are others now. */
export interface RecordedAnswers {
  readonly view: BackendView;
  /** Costs as many look-ups as there were questions. */
  isOutdated(): boolean;
}

export function recordAnswers(asked: BackendView): RecordedAnswers {
  const services = new Map<string, ReturnType<BackendView['service']>>();
  const lanes = new Map<string, ReturnType<BackendView['laneOf']>>();
  return {
    view: {
      service(id) {
        const answer = asked.service(id);
        services.set(id, answer);
        return answer;
      },
      laneOf(id) {
        const answer = asked.laneOf(id);
        lanes.set(id, answer);
        return answer;
      },
    },
    isOutdated: () =>
      [...services].some(([id, answer]) => asked.service(id) !== answer) ||
      [...lanes].some(([id, answer]) => asked.laneOf(id) !== answer),
  };
}
