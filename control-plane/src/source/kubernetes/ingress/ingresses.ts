import type { ClusterKind } from '../cluster-kind.ts';
import type { EdgeContext } from '../edge/edge-kind.ts';
import { createPaced } from '../edge/paced.ts';
import { recordAnswers } from '../edge/recorded-answers.ts';
import { convertIngresses } from './convert/convert-ingresses.ts';
import { createIngressStatuses, GATEWAY_SERVICE } from './ingress-statuses.ts';
import { ingressWorld } from './ingress-world.ts';
import type { KubeIngress } from './read/kube-ingress.ts';
import { watchIngresses } from './watch-ingresses.ts';

/** Ingresses of our classes: what of them gateway pods serve, and what is said beside them. */
export function createIngresses(context: EdgeContext): ClusterKind {
  const { secrets, configs, backends } = context;
  const published = Promise.withResolvers<void>();
  published.promise.catch(() => undefined);
  const statuses = createIngressStatuses(context);
  let isKnown = false;
  let findings: readonly string[] = [];
  let answers = recordAnswers(backends);
  const convert = (): void => {
    if (!isKnown) return;
    answers = recordAnswers(backends);
    const judged = ingressWorld({ watch, configs, context: { backends: answers.view, secrets } });
    configs.use(judged.parameters);
    secrets.want('ingress', secretsOf(judged.world.ingresses, judged.world.defaultSecret));
    // It is told of when they have been read: nobody is to lose a certificate that is only on its way.
    if (!secrets.isComplete()) return;
    const { edge, problems } = convertIngresses(judged.world);
    findings = [
      ...judged.findings,
      ...problems.map(({ ingress, message }) => `Ingress ${ingress}: ${message}`),
    ];
    context.serve(edge);
    statuses.tell(judged.world.ingresses, problems);
    published.resolve();
  };
  const paced = createPaced({ run: convert, now: () => performance.now(), log: context.log });
  const again = (): void => paced.schedule();
  const watch = watchIngresses(context, again);
  secrets.subscribe(again);
  configs.subscribe(again);
  const endings = [
    context.subscribe(({ services }) => {
      if (services.keys.has(`${context.namespace}/${GATEWAY_SERVICE}`) || answers.isOutdated()) again();
    }),
    // Lanes of Services may be others by a Lane alone.
    context.catalog.subscribe(({ keys }) => {
      if (keys.size > 0 && answers.isOutdated()) again();
    }),
    context.leadership.subscribe(again),
  ];
  return {
    start: () => watch.start(),
    async synced() {
      await Promise.all([watch.synced(), secrets.synced(), configs.synced(), context.clusterKnown()]);
      isKnown = true;
      again();
      await published.promise;
    },
    problems: () => watch.problems(),
    findings: () => findings,
    stop() {
      published.reject(new Error('Ingresses were stopped before they were known'));
      for (const end of endings) end();
      paced.stop();
      statuses.stop();
      watch.stop();
    },
  };
}

function secretsOf(
  ingresses: readonly KubeIngress[],
  defaultSecret: string | undefined,
): ReadonlySet<string> {
  const named = ingresses.flatMap(({ meta, tls }) =>
    tls.flatMap(({ secret }) => (secret === undefined ? [] : [`${meta.namespace}/${secret}`])),
  );
  return new Set(defaultSecret === undefined ? named : [...named, defaultSecret]);
}
