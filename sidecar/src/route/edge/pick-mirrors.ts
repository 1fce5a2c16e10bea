import type { EdgeMirror } from '@lanekeeper/protocol/edge';
import { serviceId } from '@lanekeeper/protocol/service-id';
import type { Evidence } from '../../lane/evidence.ts';
import type { DecisionContext } from '../decision-context.ts';
import { selectSubset } from '../select-subset.ts';
import type { MirrorTarget } from './edge-outcome.ts';

const ANY_ENDPOINT = { tried: undefined, preferred: undefined };

/** Where copies of a request go: each mirror gets its share of requests, at an endpoint that their lane may have. */
export function pickMirrors(
  mirrors: readonly EdgeMirror[],
  { lane }: Evidence,
  context: DecisionContext,
): readonly MirrorTarget[] {
  const { snapshot, picker, random } = context;
  return mirrors.flatMap(({ service, port, percent }) => {
    if (percent < 100 && random() * 100 >= percent) return [];
    const servicePort = snapshot.services.get(serviceId(service))?.ports.get(port);
    if (servicePort === undefined) return [];
    const { laneNames } = snapshot;
    const { endpoint } = selectSubset(lane, servicePort, { laneNames, picker }, ANY_ENDPOINT);
    return endpoint === undefined ? [] : [{ servicePort, endpoint }];
  });
}
