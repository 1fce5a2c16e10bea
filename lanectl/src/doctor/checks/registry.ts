import type { FindingCode } from '@lanekeeper/lint/codes';
import { warn, type Verdict } from '../check-result.ts';
import type { Facts } from '../facts.ts';
import { isMeant } from '../is-meant.ts';
import type { LaneDispute } from '../mesh-status.ts';
import type { Check } from './check.ts';
import { withStatus } from './mesh.ts';

const MOST_TOLD = 10;
const REGISTRATION = 'leave the registration to the control plane (docs/nacos-registration.md)';

export const REGISTRY_CHECKS: readonly Check[] = [
  {
    ...{ category: 'lanes', id: 'LK0121', needs: ['status', 'pods'] },
    description: 'instances in Nacos say the lane of their pods',
    look: withStatus(({ laneDisputes }, facts) =>
      judge('LK0121', laneDisputes.filter(isSilent), facts, {
        tell: ({ pod, instance, service, lane }) =>
          `Nacos says no lane of ${instance} of ${service}, and its pod ${pod} is of ${shown(lane)}`,
        hint: `Write the lane into the metadata of the instance, or ${REGISTRATION}.`,
      }),
    ),
  },
  {
    ...{ category: 'lanes', id: 'LK0122', needs: ['status', 'pods'] },
    description: 'instances in Nacos say no other lane than their pods',
    look: withStatus(({ laneDisputes }, facts) => {
      const others = laneDisputes.filter((dispute) => !isSilent(dispute));
      return judge('LK0122', others, facts, {
        tell: ({ pod, instance, service, registered, lane }) =>
          `Nacos says that ${instance} of ${service} is of ${shown(registered)}, and its pod ${pod} is of ${shown(lane)}`,
        hint: `Correct the metadata of the instance or the label of the pod, or ${REGISTRATION}.`,
      });
    }),
  },
];

interface Told {
  readonly tell: (dispute: LaneDispute) => string;
  readonly hint: string;
}

function judge(
  code: FindingCode,
  disputes: readonly LaneDispute[],
  facts: Facts,
  { tell, hint }: Told,
): Verdict {
  const { within } = facts;
  const told = disputes
    .filter(({ pod }) => within === undefined || pod.startsWith(`${within}/`))
    .filter(({ pod, service }) => !isMeant(code, { pods: [pod], service }, facts))
    .map(tell);
  if (told.length === 0) return undefined;
  const more = told.length > MOST_TOLD ? `; and ${told.length - MOST_TOLD} more` : '';
  return warn(`${told.slice(0, MOST_TOLD).join('; ')}${more}`, hint);
}

function isSilent({ registered }: LaneDispute): boolean {
  return registered === undefined;
}

function shown(lane: string | undefined): string {
  return lane ?? 'the baseline';
}
