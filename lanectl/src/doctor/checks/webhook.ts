import { X509Certificate } from 'node:crypto';
import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { listAt, numberAt, recordAt, textAt, type Json } from '@lanekeeper/lint/read/json';
import { fail, listed, skip, warn, type Verdict } from '../check-result.ts';
import { valueOf, type Facts } from '../facts.ts';
import type { Check } from './check.ts';
import { componentOf } from './installation.ts';

const DAY_MS = 24 * 3_600_000;
const SOON_DAYS = 7;
const LOGS =
  'the injector writes and renews it: kubectl -n lanekeeper-system logs deployment/lanekeeper-injector';

export const WEBHOOK_CHECKS: readonly Check[] = [
  {
    ...{ category: 'webhook', id: 'webhook-configured', needs: ['mutating', 'validating'] },
    description: 'pods and objects of ours are sent to the injector',
    look(facts) {
      const kinds = [
        ['MutatingWebhookConfiguration', facts.mutating],
        ['ValidatingWebhookConfiguration', facts.validating],
      ] as const;
      const missing = kinds
        .filter(([, fact]) => webhooksIn(valueOf(fact)).length === 0)
        .map(([kind]) => kind);
      if (missing.length === 0) return undefined;
      return fail(
        `there is no ${missing.join(' and no ')} lanekeeper-injector`,
        'helm upgrade --install lanekeeper helm/lanekeeper --namespace lanekeeper-system',
      );
    },
  },
  {
    ...{ category: 'webhook', id: 'webhook-certificate', needs: ['mutating', 'validating'] },
    description: 'the API server trusts the injector, and will still do so in a week',
    look(facts) {
      const webhooks = [facts.mutating, facts.validating].flatMap((fact) => webhooksIn(valueOf(fact)));
      if (webhooks.length === 0) return skip('there is no webhook');
      const verdicts = webhooks.map((webhook) => judgeBundle(webhook, facts.now));
      return (
        verdicts.find((verdict) => verdict?.result === 'fail') ??
        verdicts.find((verdict) => verdict !== undefined)
      );
    },
  },
  {
    ...{ category: 'webhook', id: 'webhook-failure-policy', needs: ['mutating', 'deployments'] },
    description: 'pods can start when the injector does not answer, or it has a second replica',
    look: judgeFailurePolicy,
  },
];

function webhooksIn(configuration: KubeObject | undefined): readonly Json[] {
  return listAt(recordAt(configuration), 'webhooks').map((webhook) => recordAt(webhook));
}

function judgeBundle(webhook: Json, now: number): Verdict {
  const name = textAt(webhook, 'name') ?? '';
  const bundle = textAt(recordAt(webhook, 'clientConfig'), 'caBundle') ?? '';
  if (bundle === '') return fail(`${name} has no caBundle, so every call to it fails`, LOGS);
  const certificates = certificatesIn(Buffer.from(bundle, 'base64').toString('utf8'));
  if (certificates === undefined)
    return fail(`the caBundle of ${name} holds no certificate that can be read`, LOGS);
  const last = Math.max(...certificates.map(({ validTo }) => Date.parse(validTo)));
  const day = new Date(last).toISOString().slice(0, 'yyyy-mm-dd'.length);
  if (last <= now) return fail(`the certificates of ${name} have expired on ${day}`, LOGS);
  return last - now < SOON_DAYS * DAY_MS
    ? warn(`the certificates of ${name} expire on ${day}`, LOGS)
    : undefined;
}

/** Undefined: none, or one that is none. */
function certificatesIn(pem: string): readonly X509Certificate[] | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.length === 0 ? undefined : blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

function judgeFailurePolicy(facts: Facts): Verdict {
  const webhooks = webhooksIn(valueOf(facts.mutating));
  if (webhooks.length === 0) return skip('there is no webhook');
  const strict = webhooks.filter(({ failurePolicy }) => failurePolicy === 'Fail');
  if (strict.length === 0) return undefined;
  const injector = componentOf(facts, 'injector');
  const ready = numberAt(recordAt(injector, 'status'), 'readyReplicas') ?? 0;
  const names = listed(
    strict.map((webhook) => textAt(webhook, 'name') ?? ''),
    2,
  );
  const hint = 'helm upgrade … --set injector.replicas=2, or injector.webhook.failurePolicy=Ignore';
  if (ready === 0)
    return fail(`no injector is ready and ${names} fail: no pod of these namespaces can start`, hint);
  return ready === 1 ? warn(`one injector is ready and ${names} fail without it`, hint) : undefined;
}
